import { expect, it } from "vitest";
import { toInstant } from "../../../src/domain/ids.ts";
import { actionIdsOf } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { createSlackWorld } from "./slack-world.ts";

it("lists standing approvals, and has forms and buttons to ask for one, agree and revoke", async () => {
  await using world = await createSlackWorld();
  const ada = world.site.as("U0ADA");
  const page = await (await ada.command("/ops", "standing", "C0OPS")).ephemeral();
  const words = JSON.stringify(page.blocks);
  expect(words).toContain("*STA-0000000001* does not count yet: somebody else must agree.");
  expect(words).toContain("2 uses of 2 left, until ");
  expect(words).toContain("Asked for by Maya: it &lt;!channel&gt; flaps");
  expect(actionIdsOf(page)).toEqual(["standing_agree", "standing_revoke", "standing_grant"]);

  const agreed = await ada.click("C0OPS", page.ts, "standing_agree");
  expect(JSON.stringify(await agreed.ephemeral())).toContain("You agree.");

  const revoke = await (
    await ada.click("C0OPS", page.ts, "standing_revoke")
  ).view(({ callbackId }) => callbackId === "standing_revoke");
  await (await ada.submit(revoke.id, { reason: "enough" })).ephemeral();

  const form = await (
    await ada.click("C0OPS", page.ts, "standing_grant")
  ).view(({ callbackId }) => callbackId === "standing");
  const empty = await ada.submit(form.id, { place: "checkout/production", tool: "flag.turn_off" });
  expect(Object.keys(empty.fieldErrors)).toEqual(["flag", "reason"]);
  const sent = await ada.submit(form.id, {
    place: "checkout/production",
    flag: "checkout_one_click",
    tool: "flag.turn_off",
    severity: "any",
    uses: "3",
    hours: "4",
    reason: "it flaps",
  });
  expect(JSON.stringify(await sent.ephemeral())).toContain("Asked for.");
  const userId = "U0ADA";
  const standingId = "STA-0000000001";
  expect(world.people.acts).toEqual([
    { act: "endorseStanding", input: { standingId, userId } },
    { act: "revokeStanding", input: { standingId, reason: "enough", userId } },
    {
      act: "requestStanding",
      input: {
        of: {
          kind: "flag",
          service: "checkout",
          environmentName: "production",
          flagKey: "checkout_one_click",
          tool: "flag.turn_off",
        },
        severity: null,
        confidence: "high",
        maxUses: 3,
        forMs: 4 * 3_600_000,
        reason: "it flaps",
        userId,
      },
    },
  ]);
});

it("tells operators of a use with its reverse, and nothing in it takes effect", async () => {
  await using world = await createSlackWorld();
  const [standing] = await world.desk.standings();
  const [change] = world.story.view().changes;
  if (standing === undefined || change === undefined) throw new Error("the world is empty");
  const hostile = { ...standing, summary: "Turn <!here> off" };
  await world.bot.noticeboard.post(
    {
      kind: "standing",
      standing: { ...hostile, uses: [{ changeId: change.id, at: toInstant(0) }] },
      event: { type: "standing_used", at: toInstant(0), changeId: change.id },
    },
    { subject: `standing/${standing.id}`, part: "event/3", channel: "" },
  );
  const text = world.site.messages("C0OPS").at(-1)?.text ?? "";
  expect(text).toContain(`*Carried out without a click:* ${change.id} is covered by`);
  expect(text).toContain("1 use left. *Roll back* on its card undoes it");
  expect(text).not.toContain("<!here>");
});

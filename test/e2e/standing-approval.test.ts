import { expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import type { Entries } from "../../src/sandbox/slack/driver/view-state.ts";
import type { PersonName } from "../../src/sandbox/world/people.ts";
import { expectAuditPasses, readStore } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

it("is granted by two, used by an alert without a click, used up, out of force under strict, and revoked", async () => {
  await using shop = await openShop();
  const { play, world, signalman, folder } = shop;
  const channel = world.channels.incidents.id;
  const operators = () =>
    world.slack
      .messages(world.channels.ops.id)
      .map((message) => visibleText(message))
      .join("\n---\n");

  /** Presses a button of `/ops standing`; fills in the form that it opens, if there is one. */
  const press = async (person: PersonName, actionId: string, entries?: Entries): Promise<string> => {
    const actor = world.slack.as(world.people[person].id);
    const page = await (await actor.command("/ops", "standing", channel)).ephemeral(undefined, 10_000);
    const pressed = await actor.click(channel, page.ts, actionId);
    if (entries === undefined) return visibleText(await pressed.ephemeral(undefined, 10_000));
    const form = await pressed.view(({ submit }) => submit !== undefined, 10_000);
    return visibleText(await (await actor.submit(form.id, entries)).ephemeral(undefined, 10_000));
  };
  const wanted = {
    place: "checkout/production",
    flag: flagKey,
    tool: "flag.turn_off",
    severity: "error",
    confidence: "low",
    uses: "1",
    hours: "1",
    reason: "it flaps tonight",
  };

  // Never on by default, and not for everybody.
  expect(await press("ruth", "standing_grant", wanted)).toContain("Standing approvals do not count here now");
  await play.setControl("signalman-approval-required", "false");
  expect(await press("maya", "standing_grant", wanted)).toContain("Not done");
  expect(await press("ruth", "standing_grant", wanted)).toContain("Somebody else must agree");
  expect(await press("ruth", "standing_agree")).toContain("it takes somebody else");
  expect(await press("maya", "standing_agree")).toContain("Not done");
  expect(await press("pavel", "standing_agree")).toContain("counts from now on");

  // An alert uses it: applied without a click, said in the thread and to operators, with its reverse ready.
  const alert = world.trouble.alert("checkout");
  await play.fire(signalman.doorUrl, "checkout", alert);
  const applied = await play.cardWith("*Applied*", 20_000);
  expect(visibleText(applied)).toMatch(/by the standing approval STA-\S+ of Ruth Lindqvist and Pavel Novak/);
  expect(actionIdsOf(applied)).toEqual(expect.arrayContaining(["roll_back", "allow_again"]));
  expect(play.mutationsOf(flagKey)).toHaveLength(1);
  expect(play.flag(flagKey).isEnabled).toBe(false);
  await play.threadWith(/is covered by the standing approval STA-\S+ of Ruth/);
  await until(
    "the line to operators",
    () => /Carried out without a click:.*[^]*0 uses left/.test(operators()),
    {
      seen: operators,
    },
  );
  expect(await play.ops("maya", "standing")).toContain("0 uses of 1 left");

  // Allowed again from the card, but strict is set meanwhile: the next one waits for a click.
  expect(
    await play.fillIn("ruth", "allow_again", {
      severity: "any",
      confidence: "any",
      uses: "2",
      hours: "4",
      reason: "again",
    }),
  ).toContain("Somebody else must agree");
  expect(await press("pavel", "standing_agree")).toContain("counts from now on");
  expect(await play.ops("maya", "strict checkout 1h we want to look")).toContain("Set for checkout");
  await play.resolve(signalman.doorUrl, alert);
  await world.trouble.repeat("checkout");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve", 20_000);
  expect(play.mutationsOf(flagKey).filter(({ comment }) => comment.includes("CHG-"))).toHaveLength(1);

  expect(await press("maya", "standing_revoke", { reason: "enough" })).toContain("is revoked");
  await until("the line about its end", () => /revoked the standing approval STA-/.test(operators()), {
    seen: operators,
  });

  await using opened = await readStore(folder);
  // The newest may not have its position yet.
  while ((await opened.store.ledger.sequence(1000)) > 0);
  const standings = (await opened.store.ledger.entries(0, 1000)).filter(({ stream }) =>
    stream.startsWith("standing/"),
  );
  expect(standings.map(({ type }) => type)).toEqual([
    "standing_requested",
    "standing_refused",
    "standing_endorsed",
    "standing_granted",
    "standing_used",
    "standing_requested",
    "standing_endorsed",
    "standing_granted",
    "standing_revoked",
  ]);
  await expectAuditPasses(folder);
}, 90_000);

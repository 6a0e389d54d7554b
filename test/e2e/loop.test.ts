import { expect, it } from "vitest";
import { createAlertSender } from "../../src/sandbox/services/alert-sender.ts";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

it("plays the loop: alert, card, refusal, approval, one write, verdict, review, and the exact reverse", async () => {
  await using shop = await openShop();
  const { folder, world, signalman, play } = shop;
  const original = play.flag(flagKey);

  const { sender, delivery } = await play.fire(signalman.doorUrl, "checkout");
  expect(delivery.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  const card = await play.cardOffering("approve");
  expect(visibleText(card)).toMatch(/Suspect:\* flag `checkout_one_click`, changed by Maya Okafor/);
  expect((await sender.repeat(delivery)).httpStatus).toBe(202);

  const refused = await play.toldAfter("maya", "approve");
  expect(refused).toMatch(/^Not done: /);
  expect(refused).toMatch(/Ask instead: .*release-managers.*user group/);
  expect(await play.toldAfter("tomas", "approve")).toMatch(/Not done: .*guest/i);
  expect(play.mutationsOf(flagKey)).toEqual([]);

  // A double click opens the form once more at most; of two equal submissions one counts.
  const ruth = world.slack.as(world.people.ruth.id);
  const [first] = await Promise.all([play.press("ruth", "approve"), play.press("ruth", "approve")]);
  const form = await first.view(({ submit }) => submit !== undefined);
  expect(visibleText(form)).toContain("real users are affected");
  const submitted = await ruth.submit(form.id, { rationale: "Errors began with it." });
  const payload = world.slack.deliveryLog.findLast(({ kind }) => kind === "interactive")?.payload;
  if (payload === undefined) throw new Error("nothing was submitted");
  await Promise.all([world.slack.sendRaw(payload), world.slack.sendRaw(payload)]);
  expect(visibleText(await submitted.ephemeral())).toContain("Approved");

  await play.cardWith("*Applied*");
  await until("the flag to be off", () => play.flag(flagKey).isEnabled === false);
  const [mutation, ...more] = play.mutationsOf(flagKey);
  expect(more).toEqual([]);
  expect(mutation?.actor).toBe("signalman-write");
  expect(mutation?.comment).toMatch(
    /^OP-\S+ Signalman CHG-\S+ \(INC-\S+\) · .*requested by .*alertmanager.* · approved by Ruth Lindqvist$/,
  );
  await play.threadWith(/Ruth Lindqvist approved CHG-\S+: Errors began with it\./);
  await play.threadWith(/CHG-\S+ was applied in \d+ ms\./);

  await play.threadWith("*Verdict: recovered.*", 40_000);
  await play.cardWith("*Verdict: recovered.*");

  const reviewAt = Math.ceil(Date.now() / 1000) + 4;
  const closed = await play.fillIn("ruth", "keep", {
    owner: world.people.chen.id,
    note: "Until the payment retry is fixed.",
    review_at: reviewAt,
  });
  expect(closed).toContain("Closed: kept");
  await play.threadWith(/was closed by Ruth Lindqvist: kept. Owner: Chen Wei/);
  await play.threadWith(/The review date of CHG-\S+ has passed/);
  expect(Date.now()).toBeGreaterThanOrEqual(reviewAt * 1000);
  await play.cardOffering("roll_back");
  const listed = await ruth.command("/ops", "cleanup", world.channels.incidents.id);
  expect(visibleText(await listed.ephemeral())).toContain("review was due");

  expect(await play.fillIn("maya", "roll_back", { reason: "The cause is fixed." })).toContain("drafted");
  await play.cardWith(/Undo CHG-/);
  await play.cardOffering("approve");
  await play.approve("pavel", "The retry is fixed.");
  await until("the flag to be as it was", () => play.flag(flagKey).isEnabled === true, {
    seen: play.everything,
  });
  expect(play.flag(flagKey)).toEqual(original);
  expect(play.mutationsOf(flagKey)).toHaveLength(2);
  await play.cardWith(/Applied/);

  expect(play.cards()).toHaveLength(1);
  const recorded = await until(
    "both changes to be told to their ends",
    async () => {
      const all = await expectFolded(folder);
      return all.changes.map(({ status }) => status).join() === "closed,applied" ? all : null;
    },
    { everyMs: 300, seen: play.everything },
  );
  const [change, reverse] = recorded.changes;
  if (change === undefined || reverse === undefined) throw new Error("unreachable");
  const types = recorded.typesOf(change);
  expect(types.filter((type) => type === "vote_cast")).toHaveLength(1);
  expect(types.filter((type) => type === "vote_refused")).toHaveLength(2);
  expect(types.filter((type) => type === "execution_started")).toHaveLength(1);
  expect(change.closure).toMatchObject({ resolution: "roll_back", linkedChangeId: reverse.id });
  expect(reverse.proposal.lineage).toEqual({ kind: "reverses", changeId: change.id });
  expect(recorded.incidents).toHaveLength(1);
  await expectAuditPasses(folder);
  expect(signalman.log()).not.toMatch(/^error /m);
}, 120_000);

it("takes a plain signed alert from a source of one's own", async () => {
  await using shop = await openShop();
  const { world, signalman, play } = shop;
  const common = { url: `${signalman.doorUrl}/webhooks/generic`, kind: "generic", auth: "hmac" } as const;
  const forged = await createAlertSender({ ...common, secret: "not-the-secret-of-this-source" }).fire(
    world.trouble.alert("checkout"),
  );
  expect(forged.httpStatus).toBe(401);
  const sent = await createAlertSender({ ...common, secret: world.env["GENERIC_SECRET"] ?? "" }).fire(
    world.trouble.alert("checkout"),
  );
  expect(sent.httpStatus).toBe(202);
  const card = await play.cardOffering("approve");
  expect(visibleText(card)).toContain("checkout_one_click");
  expect(play.cards()).toHaveLength(1);
}, 60_000);

import { expect, it } from "vitest";
import { shopEnvironment } from "../../src/sandbox/world/flags.ts";
import { emailOf } from "../../src/sandbox/world/people.ts";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectFolded } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { until } from "../support/until.ts";

const flag = { env: shopEnvironment, key: "checkout_one_click" };

it("stops when somebody has changed the flag since the card: superseded, nothing written", async () => {
  await using shop = await openShop();
  const { play, world, signalman } = shop;
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve");
  const chen = world.featbit.as(emailOf("chen"));
  await chen.toggle(flag, false, "I had a look myself");
  const byHand = play.mutationsOf(flag.key).length;
  expect(await play.approve("ruth")).toContain("Approved");
  const card = await play.cardWith("*Superseded*");
  expect(visibleText(card)).toContain("Nothing was changed.");
  expect(visibleText(card)).toMatch(/The flag now:\*[^]*Off/);
  expect(actionIdsOf(card)).not.toContain("approve");
  await play.threadWith(/was superseded: The flag/);
  expect(play.mutationsOf(flag.key)).toHaveLength(byHand);

  const { changes, typesOf } = await expectFolded(shop.folder);
  expect(changes.map(({ status }) => status)).toEqual(["superseded"]);
  expect(changes.flatMap(typesOf)).not.toContain("execution_started");

  // Nothing is drafted anew before a person asks; then it is, once, from the flag as it is.
  await world.featbit.as(emailOf("chen")).toggle(flag, true, "It was not that");
  expect(await play.toldAfter("tomas", "redraft")).toContain("guests decide nothing");
  expect(await play.toldAfter("maya", "redraft")).toContain("looked at again");
  await play.threadWith(/Maya Okafor asked for CHG-\w+ to be drafted anew/);
  const again = await play.cardOffering("approve");
  expect(visibleText(again)).toMatch(/Other changes of this incident:[^]*superseded/);
  expect(actionIdsOf(again)).not.toContain("redraft");
  const after = await expectFolded(shop.folder);
  expect(after.changes.map(({ status }) => status).toSorted()).toEqual(["awaiting_approval", "superseded"]);
  expect(play.mutationsOf(flag.key).filter(({ comment }) => comment.startsWith("OP-"))).toEqual([]);
}, 90_000);

it("says loudly whose change it overwrote when two writers race, and drafts what restores it", async () => {
  await using shop = await openShop();
  const { play, world, signalman, folder } = shop;
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve");

  // Between FeatBit's read and its write of our change somebody else's change comes and goes unseen.
  world.featbit.writeWindowMs = 1_500;
  expect(await play.approve("ruth")).toContain("Approved");
  await until("our write to be under way", () =>
    world.featbit.requests.some(({ method, path }) => method === "PUT" && path.includes(flag.key)),
  );
  world.featbit.writeWindowMs = 0;
  const held = world.featbit.world.flags.find(({ key }) => key === flag.key);
  const [member] = held?.fallthrough.variations ?? [];
  const on = held?.variations.find(({ value }) => value === "true")?.id;
  if (held === undefined || member === undefined || on === undefined) throw new Error("no such flag");
  await world.featbit
    .as(emailOf("chen"))
    .retarget(
      flag,
      { targetUsers: [{ keyIds: ["vip-1"], variationId: on }] },
      "Keep it for our first customer",
    );

  const card = await play.cardOffering("restore", 20_000);
  expect(visibleText(card)).toContain("this change overwrote somebody else's");
  expect(visibleText(card)).toContain("Chen Wei changed the flag");
  expect(visibleText(card)).toMatch(/vip-1/);
  await play.threadWith(/Attention:\* it overwrote a change that Chen Wei made/);
  expect(world.featbit.world.flags.find(({ key }) => key === flag.key)?.targetUsers).toEqual([]);

  expect(await play.toldAfter("ruth", "restore")).toContain("is drafted");
  await play.cardWith(/Restore what Chen Wei/);
  expect(play.everything()).not.toContain("chen@shop.example");
  await play.cardOffering("approve");
  await play.approve("pavel", "It was not ours to lose.");
  await until(
    "the lost target to be back",
    () => world.featbit.world.flags.find(({ key }) => key === flag.key)?.targetUsers.length === 1,
    { seen: play.everything },
  );
  const ours = play.mutationsOf(flag.key).filter(({ comment }) => comment.startsWith("OP-"));
  expect(ours).toHaveLength(2);
  expect(play.flag(flag.key)).toMatchObject({
    isEnabled: false,
    targetUsers: [{ keyIds: ["vip-1"], variationId: on }],
  });
  await play.cardWith(/Restore what[^]*\*Applied\*/);
  const { changes } = await expectFolded(folder);
  expect(changes.map(({ proposal }) => proposal.lineage?.kind ?? null)).toEqual([
    null,
    "restores_overwritten",
  ]);
}, 90_000);

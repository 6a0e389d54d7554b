import { expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { asText } from "../../src/sandbox/slack/json.ts";
import { expectAuditPasses } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";

it("shows findings without a change with a picture, and counts who found them useful", async () => {
  await using shop = await openShop();
  const { play, signalman, folder, world } = shop;
  await play.fire(signalman.doorUrl, "search");
  const card = await play.cardOffering("useful", 30_000);
  expect(visibleText(card)).toContain("No flag change recommended.");
  expect(actionIdsOf(card)).toContain("not_useful");

  expect(await play.toldAfter("chen", "useful")).toContain("noted as useful");
  expect(await play.toldAfter("maya", "useful")).toContain("noted as useful");
  expect(await play.toldAfter("tomas", "useful")).toContain("guests decide nothing");
  await play.cardWith("Was this useful? Yes: 2. No: 0.");
  expect(await play.toldAfter("maya", "not_useful")).toContain("noted as not useful");
  await play.cardWith("Was this useful? Yes: 1. No: 1.");
  expect(await play.status()).toContain("found useful 1 time, not useful 1 time");

  const { channel, ts } = card;
  const pictures = world.slack
    .thread(channel, ts)
    .flatMap(({ blocks }) => blocks.filter((block) => block["type"] === "image"));
  expect(pictures.map((block) => asText(block["alt_text"]))).toEqual([
    expect.stringMatching(/^Line plot\. .*before mean/),
  ]);
  await expectAuditPasses(folder);
}, 90_000);

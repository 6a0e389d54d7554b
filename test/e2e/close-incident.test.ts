import { expect, it } from "vitest";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { runSignalman } from "../support/signalman.ts";
import { until } from "../support/until.ts";

it("closes an incident by hand, keeps who may not from it, and opens a new one when its alert fires again", async () => {
  await using shop = await openShop({ quiet: true });
  const { play, world, signalman, folder } = shop;
  const alert = world.trouble.alert("checkout");
  await play.fire(signalman.doorUrl, "checkout", alert);
  await play.cardOffering("close_incident");
  expect(await play.toldAfter("tomas", "acknowledge")).toContain("Not done: guests decide nothing");
  expect(await play.toldAfter("maya", "close_incident")).toMatch(/Not done: [^]*Ask instead: /);

  const { incidents } = await expectFolded(folder);
  const id = incidents[0]?.id ?? "";
  const typed = await world.slack
    .as(world.people.ruth.id)
    .command("/ops", `close ${id} it was a drill`, world.channels.incidents.id);
  expect(visibleText(await typed.ephemeral(undefined, 10_000))).toContain(`${id} is closed.`);
  await play.threadWith(/closed the incident: it was a drill/);
  const card = await play.cardWith("Critical, closed: CheckoutErrors");
  expect(visibleText(card)).not.toContain("Close incident");

  await play.fire(signalman.doorUrl, "checkout", alert);
  await until("a second card", () => play.cards().length === 2, { seen: play.everything });
  const after = (await expectFolded(folder)).incidents;
  expect(after.map(({ status }) => status).toSorted()).toEqual(["closed", "open"]);

  const shown = await runSignalman(["audit", "show", id], folder, world.env);
  expect(shown.code).toBe(0);
  expect(shown.output).toMatch(/acknowledge refused .*Tom.*\n.*guests decide nothing/);
  expect(shown.output).toMatch(/close refused .*Maya Okafor/);
  expect(shown.output).toMatch(/closed .*Ruth.*\n.*it was a drill/);
  await expectAuditPasses(folder);
}, 60_000);

import { expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectAuditPasses, readStore } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { startSignalman } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

it("lets people take authority away at once and give it back by two, with and without FeatBit", async () => {
  await using shop = await openShop();
  const { play, world, signalman, folder } = shop;
  const said = (channel: string) =>
    world.slack
      .messages(channel)
      .map((message) => visibleText(message))
      .join("\n---\n");
  const posted = (words: string | RegExp) =>
    until(`"${words}" among operators`, () => said(world.channels.ops.id).match(words) !== null, {
      seen: () => said(world.channels.ops.id),
    });

  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve");

  // Refused for whoever may not.
  expect(await play.ops("tomas", "pause checkout 1h I say so")).toContain("Not done");
  expect(await play.ops("chen", "pause all 1h not mine alone")).toContain("Not done");

  // A lower mode: the card that stands says so, and offers no approval.
  expect(await play.ops("maya", "mode search_only checkout 1h the draft looks odd")).toContain(
    "Set for checkout",
  );
  const lowered = await play.cardWith("*No approval is possible now.*");
  expect(visibleText(lowered)).toContain("Maya Okafor set it for checkout");
  expect(actionIdsOf(lowered)).not.toContain("approve");
  await posted(
    /\*Signalman for `checkout`:\* \*mode search_only\* at most, until .* Maya Okafor set it: the draft looks odd/,
  );

  // Given back by two: the one who asks, and another one.
  expect(await play.ops("maya", "resume checkout it is fine")).toContain("Not done");
  expect(await play.ops("ruth", "resume checkout it is fine")).toContain("somebody else must agree");
  expect(await play.ops("ruth", "controls")).toContain("Ruth Lindqvist asked to give it back");
  expect(await play.ops("pavel", "resume checkout I agree")).toContain(
    "Authority is given back for checkout",
  );
  await play.cardOffering("approve");

  // A denied tool, given back by a button.
  expect(await play.ops("maya", "deny flag.turn_off checkout 1h not this one")).toContain("Set for checkout");
  await play.cardWith(/The tool flag.turn_off is denied. Maya Okafor set it/);
  expect(await play.ops("ruth", "resume checkout we want it")).toContain("somebody else must agree");
  const channel = world.channels.incidents.id;
  const pavel = world.slack.as(world.people.pavel.id);
  const page = await (await pavel.command("/ops", "controls", channel)).ephemeral();
  const form = await (
    await pavel.click(channel, page.ts, "control_resume")
  ).view(({ submit }) => submit !== undefined);
  const agreed = await pavel.submit(form.id, { reason: "so do I" });
  expect(visibleText(await agreed.ephemeral())).toContain("Authority is given back for checkout");
  await play.cardOffering("approve");

  // The kill switch between approval and execution, by the button of the card: nothing is written.
  world.featbit.inject({
    server: "api",
    method: "GET",
    path: new RegExp(`/feature-flags/${flagKey}$`),
    does: { kind: "delay", delayMs: 2_500 },
  });
  const pressed = await play.press("maya", "pause_signalman");
  const pause = await pressed.view(({ submit }) => submit !== undefined, 10_000);
  expect(await play.approve("ruth")).toContain("Approved");
  const paused = await world.slack
    .as(world.people.maya.id)
    .submit(pause.id, { scope: "checkout", duration: "15m", reason: "stop" });
  expect(visibleText(await paused.ephemeral())).toContain("Set for checkout");
  await play.cardWith(/\*Denied by policy\*[^]*The mode is off. Maya Okafor set it/);
  expect(play.mutationsOf(flagKey)).toEqual([]);
  expect(play.flag(flagKey).isEnabled).toBe(true);

  // Without FeatBit's evaluation server it works as well.
  await signalman[Symbol.asyncDispose]();
  const away = {
    apiUrl: world.featbit.apiUrl,
    streamingUrl: "ws://127.0.0.1:9",
    eventsUrl: "http://127.0.0.1:9",
  };
  const settings = { ...world.settings, featbit: away };
  await using second = await startSignalman({ settings, env: world.env }, folder);
  expect(second.doorUrl).not.toBe("");
  expect(await play.ops("ruth", "pause all 2h FeatBit is away")).toContain("Set everywhere");
  expect(await play.ops("maya", "controls")).toMatch(/Signalman everywhere: \*paused\* .*FeatBit is away/);
  expect(await play.ops("ruth", "resume all it is back")).toContain("somebody else must agree");
  expect(await play.ops("pavel", "resume all it is back")).toContain("Authority is given back everywhere");
  expect(await play.status()).toMatch(/signalman-mode` = `search_only` \(FeatBit has not answered yet/);

  await using opened = await readStore(folder);
  const typesOf = async (stream: "authority/checkout" | "authority/*" | "notice/authority/checkout") =>
    (await opened.store.ledger.events(stream)).map(({ type }) => type);
  expect(await typesOf("authority/checkout")).toEqual([
    "override_refused",
    "override_set",
    "override_refused",
    "resume_requested",
    "authority_resumed",
    "override_set",
    "resume_requested",
    "authority_resumed",
    "override_set",
  ]);
  expect(await typesOf("authority/*")).toEqual([
    "override_refused",
    "override_set",
    "resume_requested",
    "authority_resumed",
  ]);
  expect(new Set(await typesOf("notice/authority/checkout"))).toEqual(new Set(["notice_decided"]));
  await expectAuditPasses(folder);
}, 90_000);

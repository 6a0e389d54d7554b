import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import type { PersonName } from "../../src/sandbox/world/people.ts";
import { expectAuditPasses, expectFolded, readStore } from "../support/ledger-check.ts";
import { openShop, type Shop } from "../support/open-shop.ts";
import { until } from "../support/until.ts";

async function ops({ world }: Shop, person: PersonName, text: string): Promise<string> {
  const typed = await world.slack
    .as(world.people[person].id)
    .command("/ops", text, world.channels.incidents.id);
  return visibleText(await typed.ephemeral(undefined, 10_000));
}

function said({ world }: Shop, channel: string): string {
  return world.slack
    .messages(channel)
    .map((message) => visibleText(message))
    .join("\n---\n");
}

it("keeps back what fires while its service is muted, and shows it when somebody ends the mute", async () => {
  await using shop = await openShop();
  const { play, world, signalman, folder } = shop;
  const incidents = world.channels.incidents.id;

  expect(await ops(shop, "tomas", "mute checkout 1h I say so")).toContain("Not done");
  expect(await ops(shop, "maya", "mute chekout 1h database upgrade")).toContain('Did you mean "checkout"?');
  expect(await ops(shop, "maya", "mute checkout 1h database upgrade")).toContain("checkout is muted until");
  await until("the line in the channel", () => said(shop, incidents).includes("muted `checkout`"), {
    seen: () => said(shop, incidents),
  });
  expect(await ops(shop, "ruth", "mute")).toMatch(/`checkout` until .* by Maya Okafor: database upgrade/);

  await play.fire(signalman.doorUrl, "checkout");
  await until(
    "the status to count it",
    async () => (await ops(shop, "ruth", "status")).includes("held back"),
    {
      everyMs: 200,
    },
  );
  await delay(1_500);
  expect(said(shop, incidents)).not.toContain("Critical:");
  const [kept] = (await expectFolded(folder)).incidents;
  expect(kept).toMatchObject({ status: "open", evidence: null });
  expect(kept?.mutedUntil).not.toBeNull();

  expect(await ops(shop, "ruth", "unmute checkout done early")).toContain("checkout is not muted any more");
  await play.cardOffering("approve");
  await until(
    "the line about its end",
    () => said(shop, incidents).includes("ended the mute of `checkout`"),
    {
      seen: () => said(shop, incidents),
    },
  );
  expect(await ops(shop, "ruth", "mute")).toContain("No service is muted.");

  await using opened = await readStore(folder);
  const types = (await opened.store.ledger.events("mute/checkout")).map(({ type }) => type);
  expect(types).toEqual(["mute_refused", "service_muted", "service_unmuted"]);
  await expectAuditPasses(folder);
}, 60_000);

it("tells operators once of what it cannot understand, lists it, and takes it in anew", async () => {
  await using shop = await openShop({ quiet: true });
  const { world, signalman, folder } = shop;
  const channel = world.channels.ops.id;
  const send = async () => {
    const answer = await fetch(`${signalman.doorUrl}/webhooks/alertmanager`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${world.env["ALERTMANAGER_SECRET"] ?? ""}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ version: "4", token: "hunter2hunter2", alerts: "<!channel>" }),
    });
    expect(answer.status).toBe(202);
  };
  await send();
  await until("the note", () => said(shop, channel).includes("in quarantine"), { seen: signalman.log });
  for (let more = 0; more < 5; more += 1) await send();
  const list = () => ops(shop, "ruth", "quarantine");
  await until(
    "all of it in quarantine",
    async () => (await list()).split("from `alertmanager`").length === 7,
    {
      everyMs: 200,
    },
  );
  expect(await list()).not.toContain("hunter2");
  expect(await ops(shop, "ruth", "status")).toContain("Source `alertmanager`: 0 waiting, 6 in quarantine.");
  await delay(1_000);
  expect(said(shop, channel).split("could not be understood")).toHaveLength(2);

  await using opened = await readStore(folder);
  const { inbox } = opened.store;
  const [newest] = await inbox.quarantined(1);
  if (newest === undefined) throw new Error("nothing is in quarantine");
  expect(await inbox.requeue(newest.id, "Olga")).toBe(true);
  // By another process, so only the sweeper can find it: read anew, it ends in quarantine again.
  await until("it to be taken in anew", async () => (await inbox.delivery(newest.id))?.settlement != null, {
    timeoutMs: 30_000,
    everyMs: 200,
  });
  expect((await inbox.delivery(newest.id))?.settlement?.outcome).toBe("quarantined");
}, 60_000);

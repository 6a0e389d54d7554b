import { expect, it } from "vitest";
import { z } from "zod";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { createFaultProxy } from "../faults/harness/fault-proxy.ts";
import { createPlay } from "../support/incident-play.ts";
import { expectAuditPasses } from "../support/ledger-check.ts";
import { buildWorld } from "../support/open-shop.ts";
import { openRedis, redisBinary } from "../support/redis.ts";
import { startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

async function readiness(doorUrl: string): Promise<{ status: number; reasons: string[] }> {
  const response = await fetch(`${doorUrl}/readyz`);
  const { reasons = [] } = z.object({ reasons: z.array(z.string()).optional() }).parse(await response.json());
  return { status: response.status, reasons };
}

/** The address of a server that is not there yet: `mend` brings it. */
async function nobodyAt(real: string) {
  const proxy = await createFaultProxy(real);
  await proxy.refuse();
  return proxy;
}

const ready = (doorUrl: string) =>
  until("readiness", async () => (await readiness(doorUrl)).status === 200, { timeoutMs: 30_000 });

it.concurrent(
  "takes alerts in while Slack is away at the start, says so, and posts the card when Slack is back",
  async () => {
    using folder = workFolder();
    await using world = await buildWorld({ dataFolder: folder.dataFolder, quiet: true });
    const play = createPlay(world);
    world.slack.faults.next("auth.test", { kind: "status", status: 503 }, 1_000);
    await using signalman = await startSignalman(world, folder.path);

    expect(await readiness(signalman.doorUrl)).toEqual({
      status: 503,
      reasons: ["Slack has not been joined"],
    });
    expect((await fetch(`${signalman.doorUrl}/livez`)).status).toBe(200);
    const { delivery } = await play.fire(signalman.doorUrl, "checkout");
    expect(delivery.httpStatus).toBe(202);
    expect(play.cards()).toEqual([]);

    world.slack.faults.clear();
    await play.cardWith("CheckoutErrors", 40_000);
    await ready(signalman.doorUrl);
    expect(signalman.log()).toContain("Slack is not joined; trying again");
  },
  90_000,
);

it.concurrent(
  "works without drafting while FeatBit is away at the start, says so, and drafts once it is there",
  async () => {
    using folder = workFolder();
    await using world = await buildWorld({ dataFolder: folder.dataFolder });
    const play = createPlay(world);
    await using api = await nobodyAt(world.featbit.apiUrl);
    await using streaming = await nobodyAt(world.featbit.streamingUrl);
    const featbit = { apiUrl: api.url, streamingUrl: streaming.url.replace(/^http/, "ws") };
    await using signalman = await startSignalman(
      { settings: { ...world.settings, featbit }, env: world.env },
      folder.path,
    );

    expect(await readiness(signalman.doorUrl)).toEqual({
      status: 503,
      reasons: ["FeatBit has not been joined"],
    });
    const first = world.trouble.alert("checkout");
    expect((await play.fire(signalman.doorUrl, "checkout", first)).delivery.httpStatus).toBe(202);
    const card = await play.cardWith(/CheckoutErrors[^]*Mode search_only/, 40_000);
    expect(visibleText(card)).not.toContain("*Proposed change*");
    await play.resolve(signalman.doorUrl, first);

    await api.mend();
    await streaming.mend();
    await ready(signalman.doorUrl);
    expect(signalman.log()).toMatch(/FeatBit is not joined; trying again: .*FEATBIT_API_URL/);
    await play.fire(signalman.doorUrl, "checkout");
    await play.cardWith(/CheckoutErrors[^]*\*Proposed change\*/, 40_000);
  },
  120_000,
);

const redis = redisBinary();

it.runIf(redis).concurrent(
  "takes alerts in while Redis is away at the start, says so, and works on them once it is there",
  async () => {
    using folder = workFolder();
    await using world = await buildWorld({ dataFolder: folder.dataFolder, quiet: true });
    const play = createPlay(world);
    await using server = await openRedis(redis ?? "");
    await using gate = await nobodyAt(server.url);
    const pointed = { settings: world.settings, env: { ...world.env, REDIS_URL: gate.url } };
    await using signalman = await startSignalman(pointed, folder.path);

    expect(await readiness(signalman.doorUrl)).toEqual({
      status: 503,
      reasons: ["Redis has not been joined"],
    });
    expect((await play.fire(signalman.doorUrl, "checkout")).delivery.httpStatus).toBe(202);
    expect(play.cards()).toEqual([]);

    await gate.mend();
    await play.cardWith("CheckoutErrors", 40_000);
    await ready(signalman.doorUrl);
    expect(signalman.log()).toMatch(/Redis is not joined; trying again: .*REDIS_URL/);
    await expectAuditPasses(folder.path);
  },
  90_000,
);

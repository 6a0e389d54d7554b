import { expect, it } from "vitest";
import { z } from "zod";
import { createPlay } from "../support/incident-play.ts";
import { buildWorld } from "../support/open-shop.ts";
import { startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

async function readiness(doorUrl: string): Promise<{ status: number; reasons: string[] }> {
  const response = await fetch(`${doorUrl}/readyz`);
  const { reasons = [] } = z.object({ reasons: z.array(z.string()).optional() }).parse(await response.json());
  return { status: response.status, reasons };
}

it("takes alerts in while Slack is away at the start, says so, and posts the card when Slack is back", async () => {
  using folder = workFolder();
  await using world = await buildWorld({ dataFolder: folder.dataFolder });
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
  await until("readiness", async () => (await readiness(signalman.doorUrl)).status === 200);
  expect(signalman.log()).toContain("Slack is not joined; trying again");
}, 90_000);

import { Redis } from "ioredis";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import { until } from "../../support/until.ts";
import { expectThat, outside, type Scene, wholeRound } from "../harness/outside.ts";
import type { Trial } from "../harness/trial.ts";

const always: Aim = { times: Infinity };
const cases: Record<string, { fault: Fault | "refused"; aim?: Aim }> = {
  refused: { fault: "refused" },
  "no answer": { fault: { kind: "hang" }, aim: always },
  "reset before": { fault: { kind: "reset" }, aim: always },
  "half-closed": { fault: { kind: "half_close" }, aim: always },
  "reset after": { fault: { kind: "reset", after: true }, aim: { match: /evalsha/i, times: 3 } },
  "truncated answer": { fault: { kind: "truncate" }, aim: { match: /evalsha/i, times: 3 } },
};

/** The doorbell is away: what comes is taken all the same, and worked on once it is back or the sweeper rings. */
async function takenAndDone(scene: Scene, mend: () => Promise<void>): Promise<void> {
  const { answers } = await scene.attempt();
  expectThat(answers.join() === "202", "the alert is taken at once", answers.join());
  // The alert is answered before anybody is rung.
  await until("the fault to strike", () => scene.struck() > 0);
  await mend();
  await scene.people.approvedBy("ruth");
  expectThat(scene.mutations() === 1, "the change took effect once", scene.mutations());
  await wholeRound(scene);
}

const proxied = Object.entries(cases).map(([words, { fault, aim = {} }]) =>
  outside(
    "redis",
    `Redis · ${words}`,
    async (_lane, scene) => {
      if (fault === "refused") await scene.proxy.refuse();
      else scene.proxy.arm(fault, aim);
      await takenAndDone(scene, () => scene.proxy.mend());
    },
    { stores: ["redis"] },
  ),
);

const own: Trial[] = [
  outside(
    "redis",
    "Redis · kill -9, and back without its data",
    async (lane, scene) => {
      // The proxy's connections break with it, and count as what struck.
      scene.proxy.cut();
      await lane.place.redis?.kill9();
      await takenAndDone(scene, async () => lane.place.redis?.start());
    },
    { stores: ["redis"] },
  ),
  outside(
    "redis",
    "Redis · out of memory, noeviction",
    async (lane, scene) => {
      const client = new Redis(lane.place.redis?.url ?? "");
      scene.proxy.cut();
      try {
        await client.config("SET", "maxmemory-policy", "noeviction");
        await client.config("SET", "maxmemory", "1");
        await takenAndDone(scene, async () => void (await client.config("SET", "maxmemory", "0")));
      } finally {
        await client.config("SET", "maxmemory", "0");
        client.disconnect();
      }
    },
    { stores: ["redis"] },
  ),
];

export const trials: readonly Trial[] = [...proxied, ...own];

import { setTimeout as delay } from "node:timers/promises";
import { longerThanALeaseMs, pause, pausedAt, replicas } from "../harness/pause.ts";
import { playRound } from "../harness/round.ts";
import type { Trial } from "../harness/trial.ts";

const kind = "pause";

/** Work in hand at each of these points is another's when its process wakes. The write itself is in `writes.ts`. */
const points = {
  P6: "drafting",
  P8: "posting the card",
  P12: "about to execute",
  P14: "recording what was written",
  P16: "verifying",
} as const;

/** One of two replicas is stopped for longer than its leases, and goes on as if no time had passed. */
export const trials: readonly Trial[] = [
  ...Object.entries(points).map(([point, doing]): Trial => ({
    name: `stopped at ${point}, ${doing}`,
    kind,
    lane: replicas,
    times: { quick: 1, full: 2 },
    async run(lane) {
      await pausedAt(
        lane,
        point,
        () => playRound(lane, { verdict: point === "P16" }),
        () => delay(longerThanALeaseMs),
      );
      return 1;
    },
  })),
  {
    name: "stopped at any moment",
    kind,
    lane: replicas,
    times: { quick: 1, full: 4 },
    async run(lane, draw) {
      const round = playRound(lane);
      round.catch(() => undefined);
      await delay(draw.integer(0, 1_500));
      await pause(lane, draw.integer(0, 1), longerThanALeaseMs);
      await round;
      return 1;
    },
  },
];

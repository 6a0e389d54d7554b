import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "../harness/load.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const lane: LaneKind = { name: "under load", mostTrials: 2, heavy: true };
const kills = 3;

/** Killed again and again, ready or still starting, while alerts come in and people press. */
export const trials: Trial[] = [
  {
    name: "kill -9 under load",
    kind: "kill -9 at random times",
    lane,
    times: { quick: 1, full: 12 },
    async run(on, draw) {
      const load = startLoad(on, draw);
      for (let killed = 0; killed < kills;) {
        if (killed > 0 && draw.chance(0.25)) await delay(draw.between(50, 900));
        else {
          await on.ready();
          await delay(draw.between(0, 2_500));
        }
        if (on.processes[0]?.kill9() === true) killed += 1;
        on.note(`${on.sender.sent.length} alerts so far`);
      }
      await on.ready();
      await load.end();
      return kills;
    },
  },
];

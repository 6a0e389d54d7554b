import { crashPoints } from "../harness/crash-points.ts";
import { playRound } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

/** Two start at once on nothing. */
const lane: LaneKind = {
  name: "first start",
  roles: ["all", "all"],
  patches: crashPoints,
  startedByTrial: true,
  mostTrials: 1,
};

/** P20: whoever migrates is killed in the middle of it; the other goes on, and the killed one joins it. */
export const trials: Trial[] = [
  {
    name: "P20",
    kind: "crash point",
    lane,
    async run(on) {
      const armed = on.arm("P20");
      await on.start();
      await armed.strike();
      await playRound(on);
      return 1;
    },
  },
];

import { crashPoints } from "../harness/crash-points.ts";
import type { Armed, Lane } from "../harness/lane.ts";
import { playRound } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const lane: LaneKind = { name: "crash points", patches: crashPoints };
const kind = "crash point";

type Moment = "beforeAlert" | "beforeApproval" | "beforeReverseApproval";

/** A round in which the process is killed where it first passes a point after a moment. */
async function killedAt(point: string, moment: Moment, on: Lane): Promise<number> {
  const armed: Armed[] = [];
  const verdict = ofVerdicts.includes(point);
  await playRound(on, { verdict, [moment]: () => void armed.push(on.arm(point)) });
  for (const each of armed) await each.strike();
  return armed.length;
}

const ofAlerts = ["P1", "P2", "P3", "P4", "P7", "P8"] as const;
const ofChanges = ["P10", "P11", "P12", "P14", "P15", "P16", "P17"] as const;
/** They are passed only in a round that waits for the verdict. */
const ofVerdicts: readonly string[] = ["P16", "P17"];

export const trials: Trial[] = [
  ...ofAlerts.map((name) => ({
    name,
    kind,
    lane,
    run: (on: Lane) => killedAt(name, "beforeAlert", on),
  })),
  ...ofChanges.map((name) => ({
    name,
    kind,
    lane,
    run: (on: Lane) => killedAt(name, "beforeApproval", on),
  })),
  {
    name: "P18",
    kind,
    lane,
    times: { quick: 1, full: 2 * ofChanges.length },
    run: (on, draw) => killedAt(draw.pick(ofChanges), "beforeReverseApproval", on),
  },
];

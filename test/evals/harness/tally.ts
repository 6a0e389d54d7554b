import type { Score } from "./score.ts";
import { type Interval, wilson } from "./wilson.ts";

export interface Measure extends Interval {
  hits: number;
  of: number;
  /** Null where there was nothing to measure. */
  share: number | null;
}

/** What is published, and what `thresholds.json` may set bounds to. All are shares; intervals are of 95 %. */
export interface Tally {
  worlds: number;
  passed: Measure;
  /** Recommendations that blame a flag which did not do it. */
  wrongFlag: Measure;
  /** Of worlds in which no flag is to be changed: those in which none was recommended. */
  abstention: Measure;
  /** Of worlds in which a flag did it and the evidence shows it: those in which it was recommended. */
  recommendation: Measure;
  environment: Measure;
  direction: Measure;
  operation: Measure;
  reverse: Measure;
  citations: Measure;
  offered: Measure;
  /** The class of the cause was named right. */
  cause: Measure;
  /** Of those that a model was to conclude: those that rules concluded instead. */
  fellBack: Measure;
  medianMs: number;
  p95Ms: number;
  inputTokens: number;
  outputTokens: number;
}

export const measureNames = [
  "passed",
  "wrongFlag",
  "abstention",
  "recommendation",
  "environment",
  "direction",
  "operation",
  "reverse",
  "citations",
  "offered",
  "cause",
  "fellBack",
] as const;

export function tally(scores: readonly Score[]): Tally {
  const recommended = scores.filter(({ flag }) => flag !== null);
  const times = scores.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  const fact = (name: "environment" | "direction" | "operation" | "reverse" | "citations" | "offered") => {
    const known = scores.filter((score) => score[name] !== null);
    return measure(known, (score) => score[name] === true);
  };
  return {
    worlds: scores.length,
    passed: measure(scores, ({ passed }) => passed),
    wrongFlag: measure(recommended, ({ flag }) => flag === false),
    abstention: measure(
      scores.filter(({ wanted }) => wanted === "abstain"),
      (score) => score.recommended === null,
    ),
    recommendation: measure(
      scores.filter(({ wanted }) => wanted === "recommend"),
      ({ flag }) => flag === true,
    ),
    environment: fact("environment"),
    direction: fact("direction"),
    operation: fact("operation"),
    reverse: fact("reverse"),
    citations: fact("citations"),
    offered: fact("offered"),
    cause: measure(scores, ({ cause }) => cause),
    fellBack: measure(scores, ({ fellBack }) => fellBack),
    medianMs: at(0.5),
    p95Ms: at(0.95),
    inputTokens: scores.reduce((sum, { tokens }) => sum + tokens.input, 0),
    outputTokens: scores.reduce((sum, { tokens }) => sum + tokens.output, 0),
  };
}

function measure(scores: readonly Score[], holds: (score: Score) => boolean): Measure {
  const hits = scores.filter(holds).length;
  const of = scores.length;
  return { hits, of, share: of === 0 ? null : hits / of, ...wilson(hits, of) };
}

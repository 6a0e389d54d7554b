import { readFileSync } from "node:fs";
import { z } from "zod";
import { type StoreName, stores } from "../../support/place.ts";
import type { Figures } from "./bench.ts";

/** A figure by its path in a bench's result (`storm.cards`) and what it must be; `atLeastThe` names another figure. */
const Goal = z.strictObject({
  figure: z.string(),
  min: z.number().optional(),
  max: z.number().optional(),
  atLeastThe: z.string().optional(),
  /** Holds with this store alone. */
  store: z.enum(stores).optional(),
});
export type Goal = z.infer<typeof Goal>;

const Goals = z.record(z.string(), z.array(Goal).min(1));
type Goals = z.infer<typeof Goals>;

/** The goals of each bench that hold with this store. */
export function loadGoals(file: URL, held: StoreName): Goals {
  const goals = Object.entries(Goals.parse(JSON.parse(readFileSync(file, "utf8"))));
  return Object.fromEntries(
    goals.map(([bench, each]) => [bench, each.filter(({ store = held }) => store === held)]),
  );
}

/** How much easier the limits are with `--quick`, whose short runs wander more. */
const easier = 0.8;

/** How a figure stands to one goal of its bench. */
export interface Verdict {
  figure: string;
  /** In words, eased where the run was short: `at most 25`. */
  goal: string;
  /** Null where the bench gave no such figure, which counts as missed. */
  measured: number | null;
  met: boolean;
}

/** One verdict for each goal, in their order. */
export function verdictsOn(goals: readonly Goal[], figures: Figures, quick: boolean): Verdict[] {
  const ease = quick ? easier : 1;
  return goals.flatMap(({ figure, min, max, atLeastThe }) => {
    const measured = figureAt(figures, figure);
    const verdict = (goal: string, isMet: (value: number) => boolean): Verdict => ({
      figure,
      goal,
      measured,
      met: measured !== null && isMet(measured),
    });
    const verdicts: Verdict[] = [];
    if (min !== undefined)
      verdicts.push(verdict(`at least ${limit(min * ease)}`, (value) => value >= min * ease));
    if (max !== undefined)
      verdicts.push(verdict(`at most ${limit(max / ease)}`, (value) => value <= max / ease));
    if (atLeastThe !== undefined) {
      const other = figureAt(figures, atLeastThe);
      const least = other === null ? "which is missing" : limit(other * ease);
      verdicts.push(
        verdict(`at least ${atLeastThe}, ${least}`, (value) => other !== null && value >= other * ease),
      );
    }
    return verdicts;
  });
}

/** What was missed, in words; empty where every goal was met. */
export function missedGoals(goals: readonly Goal[], figures: Figures, quick: boolean): string[] {
  return verdictsOn(goals, figures, quick)
    .filter(({ met }) => !met)
    .map(({ figure, goal, measured }) =>
      measured === null ? `${figure} is missing` : `${figure} is ${limit(measured)}, goal ${goal}`,
    );
}

/** A figure as people read it: four digits that count. */
export function limit(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function figureAt(figures: Figures, path: string): number | null {
  let value: number | Figures | undefined = figures;
  for (const name of path.split(".")) value = typeof value === "object" ? value[name] : undefined;
  return typeof value === "number" ? value : null;
}

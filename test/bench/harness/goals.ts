import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Figures } from "./bench.ts";

/** A figure by its path in a bench's result (`storm.cards`) and what it must be; `atLeastThe` names another figure. */
const Goal = z.strictObject({
  figure: z.string(),
  min: z.number().optional(),
  max: z.number().optional(),
  atLeastThe: z.string().optional(),
});
type Goal = z.infer<typeof Goal>;

const Goals = z.record(z.string(), z.array(Goal).min(1));
type Goals = z.infer<typeof Goals>;

export function loadGoals(file: URL): Goals {
  return Goals.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** How much easier the limits are with `--quick`, whose short runs wander more. */
const easier = 0.8;

/** What was missed, in words; empty where every goal was met. A figure that is missing is a goal missed. */
export function missedGoals(goals: readonly Goal[], figures: Figures, quick: boolean): string[] {
  const ease = quick ? easier : 1;
  return goals.flatMap((goal) => {
    const value = figureAt(figures, goal.figure);
    if (value === null) return [`${goal.figure} is missing`];
    const { min, max, atLeastThe } = goal;
    const other = atLeastThe === undefined ? undefined : figureAt(figures, atLeastThe);
    if (other === null) return [`${String(atLeastThe)} is missing`];
    const missed: string[] = [];
    if (min !== undefined && value < min * ease) missed.push(`at least ${limit(min * ease)}`);
    if (max !== undefined && value > max / ease) missed.push(`at most ${limit(max / ease)}`);
    if (other !== undefined && value < other * ease)
      missed.push(`at least ${atLeastThe}, ${limit(other * ease)}`);
    return missed.map((words) => `${goal.figure} is ${limit(value)}, goal ${words}`);
  });
}

function limit(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function figureAt(figures: Figures, path: string): number | null {
  let value: number | Figures | undefined = figures;
  for (const name of path.split(".")) value = typeof value === "object" ? value[name] : undefined;
  return typeof value === "number" ? value : null;
}

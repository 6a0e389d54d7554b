import { readFileSync } from "node:fs";
import { z } from "zod";
import { measureNames, type Tally } from "./tally.ts";

const Bound = z
  .strictObject({ least: z.number().min(0).max(1).optional(), most: z.number().min(0).max(1).optional() })
  .refine(({ least, most }) => least !== undefined || most !== undefined, "names neither least nor most");

/** By the name of a set of worlds and who drafts: bounds of measured shares. */
const Thresholds = z.record(z.string(), z.partialRecord(z.enum(measureNames), Bound));
export type Thresholds = z.infer<typeof Thresholds>;

export function loadThresholds(file: string): Thresholds {
  return Thresholds.parse(JSON.parse(readFileSync(file, "utf8")));
}

/**
 * What misses its bound, a line each. A set that has no bounds, no worlds, or a bound of something that never came up is
 * a miss too: a gate that measures nothing is open.
 */
export function missesOf(name: string, result: Tally, thresholds: Thresholds): string[] {
  const bounds = thresholds[name];
  if (bounds === undefined) return [`${name}: thresholds.json has no bounds for it.`];
  if (result.worlds === 0) return [`${name}: no world was run.`];
  return measureNames.flatMap((measure) => {
    const bound = bounds[measure];
    if (bound === undefined) return [];
    const { share, hits, of } = result[measure];
    if (share === null) return [`${name}: ${measure} never came up.`];
    const figure = `${name}: ${measure} is ${(share * 100).toFixed(1)} % (${hits} of ${of})`;
    return [
      ...(bound.least !== undefined && share < bound.least
        ? [`${figure}, at least ${bound.least * 100} % is asked for.`]
        : []),
      ...(bound.most !== undefined && share > bound.most
        ? [`${figure}, at most ${bound.most * 100} % is allowed.`]
        : []),
    ];
  });
}

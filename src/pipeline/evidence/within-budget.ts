import type { EvidenceGap } from "../../domain/evidence/evidence.ts";
import { spanWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { OpsError } from "../../domain/ops-error.ts";

export type Sourced<T> = { kind: "value"; value: T } | { kind: "gap"; reason: string };

/** One source's answer, or in words why there is none. Only failures outside become gaps; a bug stays a bug. */
export async function withinBudget<T>(work: Promise<T>, budgetMs: number): Promise<Sourced<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Sourced<T>>((resolve) => {
    const reason = `No answer within ${spanWords(budgetMs)}.`;
    timer = setTimeout(() => resolve({ kind: "gap", reason }), budgetMs);
  });
  const answer = work.then(
    (value): Sourced<T> => ({ kind: "value", value }),
    (error: unknown): Sourced<T> => {
      if (!(error instanceof OpsError)) throw error;
      return { kind: "gap", reason: error.message };
    },
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // What comes after the budget is nobody's any more, and must not end the process.
    answer.catch(() => undefined);
  }
}

/** The gap where there is one, as a list, with what is therefore not known. */
export function gapOf(source: string, sourced: Sourced<unknown>, unknown: string): EvidenceGap[] {
  if (sourced.kind === "value") return [];
  return [{ source, reason: `${outsideText(sourced.reason)} ${unknown}`.trim() }];
}

export function valueOr<T, Fallback>(sourced: Sourced<T>, fallback: Fallback): T | Fallback {
  return sourced.kind === "value" ? sourced.value : fallback;
}

import type { EvidenceGap } from "../../domain/evidence/evidence.ts";
import { spanWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";

export type Sourced<T> = { kind: "value"; value: T } | { kind: "gap"; reason: string };

/** What one moment's failure says nothing about the next. */
const passing: ReadonlySet<OpsErrorCode> = new Set([
  "unreachable",
  "server_error",
  "rate_limited",
  "bad_answer",
]);
const mostTries = 4;

/**
 * One source's answer, or in words why there is none. Only failures outside become gaps; a bug stays a bug. What fails
 * in passing is asked again while there is time: one lost answer must not cost the incident its draft.
 */
export async function withinBudget<T>(ask: () => Promise<T>, budgetMs: number): Promise<Sourced<T>> {
  const deadline = performance.now() + budgetMs;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Sourced<T>>((resolve) => {
    const reason = `No answer within ${spanWords(budgetMs)}.`;
    timer = setTimeout(() => resolve({ kind: "gap", reason }), budgetMs);
  });
  const answer = askPatiently(ask, budgetMs, deadline);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // What comes after the budget is nobody's any more, and must not end the process.
    answer.catch(() => undefined);
  }
}

/** Pauses of a hundredth of the budget, then twice and four times as long, or as long as the source asks for. */
async function askPatiently<T>(
  ask: () => Promise<T>,
  budgetMs: number,
  deadline: number,
): Promise<Sourced<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return { kind: "value", value: await ask() };
    } catch (error) {
      if (!(error instanceof OpsError)) throw error;
      const pauseMs = error.retryAfterMs ?? (budgetMs / 100) * 2 ** (tries - 1);
      const inTime = performance.now() + pauseMs < deadline;
      if (tries === mostTries || !passing.has(error.code) || !inTime) {
        return { kind: "gap", reason: error.message };
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
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

import { spanWords } from "../../domain/evidence/evidence-words.ts";
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

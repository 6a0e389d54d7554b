import type { Commit, CommitResult, Store } from "./ports/storage.ts";

/** Of those who race somebody wins every round: this is a limit against a bug, not against a crowd. */
const tries = 500;

/**
 * Loads, decides and commits until nobody else got in between. `prepare` reads the state afresh each time and
 * returns what to write, or an answer that needs no writing.
 */
export async function commitDecision<Answer>(
  store: Pick<Store, "ledger">,
  prepare: () => Promise<
    | { kind: "commit"; commit: Commit; after: (result: CommittedOrTaken) => Answer | Promise<Answer> }
    | { kind: "answer"; answer: Answer }
  >,
): Promise<Answer> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const prepared = await prepare();
    if (prepared.kind === "answer") return prepared.answer;
    const result = await store.ledger.commit(prepared.commit);
    if (result.kind !== "stale") return prepared.after(result);
  }
  throw new Error(`commitDecision: lost ${tries} races in a row; something appends without end`);
}

export type CommittedOrTaken = Exclude<CommitResult, { kind: "stale" }>;

import { AsyncLocalStorage } from "node:async_hooks";

/** What a log line is about where it does not say so itself. */
export interface WorkInHand {
  correlationId: string;
  stage: string;
}

const inHand = new AsyncLocalStorage<WorkInHand>();

/** Runs it so that lines written meanwhile, however deep, carry the work's names. */
export function withWorkInHand<Result>(work: WorkInHand, run: () => Result): Result {
  return inHand.run(work, run);
}

export function workInHand(): WorkInHand | undefined {
  return inHand.getStore();
}

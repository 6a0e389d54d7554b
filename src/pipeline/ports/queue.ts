import type { Instant } from "../../domain/ids.ts";

/** The stages that are rung, in the order of the work. `stages.ts` says what each does and which role runs it. */
export type Stage =
  | "intake" // subject: source id
  | "investigate" // subject: incident id
  | "notify" // subject: incident id
  | "execute" // subject: change id
  | "verify" // subject: change id
  | "expire" // subject: change id; due at the approval's expiry
  | "review"; // subject: change id; due at the review date

/**
 * A doorbell: it carries a name, never state. A ring may be lost or come twice; rows are the truth and the
 * sweeper rings again. Ringing while the same stage and subject is being drained makes it drain once more.
 */
export interface Doorbell {
  /** Rings at once, or at `dueAt`. Throws `OpsError` when the queue cannot be reached. */
  ring(stage: Stage, subject: string, dueAt?: Instant): Promise<void>;
  /** Calls `drain` for every ring of `stage`, at most `concurrency` at once, until disposed. */
  answer(
    stage: Stage,
    concurrency: number,
    drain: (subject: string) => Promise<void>,
  ): Promise<AsyncDisposable>;
}

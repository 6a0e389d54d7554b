import type { Instant } from "../../domain/ids.ts";
import type { Stage } from "../../domain/stage.ts";

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

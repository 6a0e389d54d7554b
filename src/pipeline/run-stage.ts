import { OpsError } from "../domain/ops-error.ts";
import { type Instant, later } from "../domain/ids.ts";
import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { Stage } from "../domain/stage.ts";
import type { CommitResult, Store, WorkItem } from "./ports/storage.ts";

/** How one run of a stage ended. Failures outside are thrown as `OpsError`, never returned. */
export type StageOutcome =
  /** The stage's own commit carried `finish`. */
  | { kind: "committed" }
  /** There was nothing to write. */
  | { kind: "nothing_to_do" }
  /** Somebody else holds the row by now: leave it alone. */
  | { kind: "handed_over" }
  /** Look again then. */
  | { kind: "again"; inMs: number; because: string };

/** How a stage ended whose last act was a commit with `finish`. */
export function outcomeOf(result: CommitResult): StageOutcome {
  switch (result.kind) {
    case "committed":
      return { kind: "committed" };
    case "lease_lost":
      return { kind: "handed_over" };
    case "stale":
    case "flag_busy":
    case "group_busy":
      return { kind: "again", inMs: 100, because: `the commit was refused: ${result.kind}` };
  }
}

/** `lastTry`: a failure now is the last word, so what can still be concluded must be concluded. */
export type RunStage = (item: WorkItem, lastTry: boolean) => Promise<StageOutcome>;

export interface StageRunnerOptions {
  store: Store;
  doorbell: Pick<Doorbell, "ring">;
  log: Log;
  /** How long a claimed row stays ours without a sign of life. */
  leaseMs: number;
  /** Tries before a row is parked for a person; null: it is tried for ever. */
  maxAttempts: number | null;
}

/**
 * The one loop that obeys failures: claims each due row of a stage and subject, keeps its lease alive while the
 * stage runs, and turns the end into done, again, or parked. Safe to call at any time, any number of times.
 */
export async function drainStage(
  stage: Stage,
  subject: string,
  run: RunStage,
  options: StageRunnerOptions,
): Promise<void> {
  for (;;) {
    const item = await options.store.work.claim(stage, subject, options.leaseMs);
    if (item === null) return;
    // What is to be done again was rung and stands at the end of the queue: others have their turn first.
    if ((await runOne(item, run, options)) === "again") return;
  }
}

async function runOne(
  item: WorkItem,
  run: RunStage,
  options: StageRunnerOptions,
): Promise<StageOutcome["kind"] | "failed"> {
  const { store, log, leaseMs, maxAttempts } = options;
  const fields = {
    correlationId: item.correlationId,
    stage: item.stage,
    intent: `${item.stage} ${item.subject}`,
  };
  const heartbeat = setInterval(() => {
    store.work.renew(item, leaseMs).catch(() => {
      // Losing the lease is noticed by the compare-and-set before any write.
    });
  }, leaseMs / 3);
  try {
    const outcome = await run(item, maxAttempts !== null && item.attempt >= maxAttempts);
    switch (outcome.kind) {
      case "committed":
        break;
      case "nothing_to_do":
        if (!(await store.work.finish(item))) await drawAgain(item, options);
        break;
      case "handed_over":
        log.warn(fields, "Another worker holds this work now; left alone");
        break;
      case "again":
        await retry(item, outcome.inMs, outcome.because, options);
        break;
    }
    log.debug({ ...fields, outcome: outcome.kind }, "Stage ended");
    return outcome.kind;
  } catch (error) {
    await failed(item, error, options);
    return "failed";
  } finally {
    clearInterval(heartbeat);
  }
}

async function failed(item: WorkItem, error: unknown, options: StageRunnerOptions): Promise<void> {
  const { store, log, maxAttempts } = options;
  const opsError = error instanceof OpsError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  const fields = {
    correlationId: item.correlationId,
    stage: item.stage,
    intent: `${item.stage} ${item.subject}`,
    errorClass: opsError?.code ?? "bug",
    attempt: item.attempt,
  };
  const hopeless = opsError !== null && !opsError.retryable;
  if (maxAttempts !== null && (hopeless || item.attempt >= maxAttempts)) {
    log.error({ ...fields, err: error }, `Parked after ${item.attempt} tries: ${message}`);
    await store.work.park(item, message.slice(0, 2000));
    return;
  }
  const level = hopeless || item.attempt >= worrying ? "error" : "warn";
  log[level]({ ...fields, err: error }, `Will be tried again: ${message}`);
  await retry(item, opsError?.retryAfterMs ?? backoffMs(item.attempt), message, options);
}

async function retry(
  item: WorkItem,
  inMs: number,
  because: string,
  options: StageRunnerOptions,
): Promise<void> {
  const { store, doorbell } = options;
  const dueAt: Instant = later(await store.now(), inMs);
  const ours = await store.work.retry(item, dueAt, because.slice(0, 2000));
  if (!ours) return drawAgain(item, options);
  // Only the doorbell: if it cannot be rung, the sweeper finds the row when it is due.
  await doorbell.ring(item.stage, item.subject, dueAt).catch(() => undefined);
}

/**
 * A card that was drawn after the lease was lost may lie over a newer one: have the newest state drawn. What other
 * stages do late is refused by the compare-and-set of their commits.
 */
async function drawAgain(
  { stage, subject, correlationId }: WorkItem,
  { store }: StageRunnerOptions,
): Promise<void> {
  if (stage !== "notify") return;
  await store.ledger.commit({ writes: [], followUps: [{ stage, subject, correlationId }] });
}

/** From this try on a failure is more than a hiccup: somebody must look. */
const worrying = 8;

/** 0.5 s, 1 s, 2 s … 30 s. */
function backoffMs(attempt: number): number {
  return Math.min(30_000, 500 * 2 ** (attempt - 1));
}

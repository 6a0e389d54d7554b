import { SpanKind, trace } from "@opentelemetry/api";
import { OpsError } from "../domain/ops-error.ts";
import { type Instant, later } from "../domain/ids.ts";
import type { Log } from "./ports/log.ts";
import type { Doorbell } from "./ports/queue.ts";
import type { Stage } from "../domain/stage.ts";
import type { CommitResult, Store, WorkItem } from "./ports/storage.ts";
import { inSpan, markFailed } from "../watch/in-span.ts";
import { instrument } from "../watch/instrument.ts";
import { withWorkInHand } from "../watch/work-in-hand.ts";

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
  /** Aborted when this process has to end: what may be done anew elsewhere is handed back as it is. */
  ending?: AbortSignal;
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
  while (options.ending?.aborted !== true) {
    const item = await options.store.work.claim(stage, subject, options.leaseMs);
    if (item === null) return;
    // What is to be done again was rung and stands at the end of the queue: others have their turn first.
    if ((await watched(item, () => runOne(item, run, options))) === "again") return;
  }
}

const stageSeconds = instrument((meter) =>
  meter.createHistogram("signalman_stage_seconds", {
    description: "How long one run of a stage took, by how it ended.",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] },
  }),
);

/** One span goes on with the trace of whoever committed the row. */
async function watched(item: WorkItem, run: () => ReturnType<typeof runOne>): ReturnType<typeof runOne> {
  const { stage, subject, correlationId, workId, attempt } = item;
  const attributes = {
    "messaging.system": "signalman",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": stage,
    "messaging.message.id": workId,
    "messaging.message.conversation_id": correlationId,
    "signalman.subject": subject,
    "signalman.attempt": attempt,
  };
  return inSpan(
    `process ${stage}`,
    { kind: SpanKind.CONSUMER, attributes, from: item.trace },
    async (span) => {
      const startedAt = performance.now();
      const outcome = await withWorkInHand(item, run);
      span.setAttribute("signalman.outcome", outcome);
      stageSeconds().record((performance.now() - startedAt) / 1000, { stage, outcome });
      return outcome;
    },
  );
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
    const outcome = await orHandedBack(
      item,
      run(item, maxAttempts !== null && item.attempt >= maxAttempts),
      options,
    );
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

/** A write of these may still be under way outside: whoever takes over has to wait until the lease has run out. */
const writesOutside: ReadonlySet<Stage> = new Set(["execute", "notify", "tell"]);

/** What the stage does after it was handed back is refused: its row is nobody's, and then another's. */
async function orHandedBack(
  { stage }: WorkItem,
  running: Promise<StageOutcome>,
  { ending }: StageRunnerOptions,
): Promise<StageOutcome> {
  if (ending === undefined || writesOutside.has(stage)) return running;
  const over = new AbortController();
  const handedBack = new Promise<StageOutcome>((resolve) => {
    const hand = () => resolve({ kind: "again", inMs: 0, because: "this process ends" });
    if (ending.aborted) hand();
    else ending.addEventListener("abort", hand, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([running, handedBack]);
  } finally {
    over.abort();
    // How it fails from now on is nobody's any more.
    running.catch(() => undefined);
  }
}

async function failed(item: WorkItem, error: unknown, options: StageRunnerOptions): Promise<void> {
  const { store, log, maxAttempts } = options;
  markFailed(trace.getActiveSpan(), error);
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

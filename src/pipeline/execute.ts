import { type ChangeState, evolveChange } from "../domain/change/change.ts";
import type { ChangeCommand } from "../domain/change/change-command.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import type { ApplyOutcome, Reconciliation } from "../domain/change/outcome.ts";
import { plainText } from "../domain/flag/plain-text.ts";
import { ChangeId, type Instant, later } from "../domain/ids.ts";
import { OpsError } from "../domain/ops-error.ts";
import { requesterText } from "../domain/people.ts";
import { afterEnd } from "./after-end.ts";
import { closeOrigin } from "./close-origin.ts";
import type { FlagWriter } from "./ports/flag-platform.ts";
import type { Commit, FollowUp, Loaded, Store, WorkItem } from "./ports/storage.ts";
import { changeWrite } from "./stream-writes.ts";
import { decisionOn, freshnessOf, type RecheckDeps, withdrawnBecause } from "./recheck-approval.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";
import { supersede } from "./supersede.ts";

export interface ExecuteDeps extends RecheckDeps {
  store: Store;
  writer: FlagWriter;
  newOperationId: () => string;
  leaseMs: number;
  /** How long after the write its effect is judged. */
  verifyAfterMs: number;
  /** How long a write may still be under way where nothing better is known; less than a lease. */
  settleMs: number;
}

/** How old an answer about people and policy may be when it is acted on. */
const stillTrueMs = 500;

/**
 * An execution that was begun ends, if need be with a person: parked it could be neither closed nor expired, and its
 * flag would be blocked for ever. This long and this often (30 s apart at most) it is tried.
 */
const patienceMs = 600_000;
const patienceTries = 25;
const longestPauseMs = 30_000;

/**
 * Applies an approved plan at most once, or settles an execution that was interrupted. Approved: identity and
 * policy are asked again, the digest is recomputed from the flag as it is, and only then is the operation
 * written to the ledger and the call sent. Executing: somebody was here before; read back, never resend blindly.
 */
export async function execute(item: WorkItem, deps: ExecuteDeps): Promise<StageOutcome> {
  const loaded = await deps.store.ledger.change(ChangeId.parse(item.subject));
  if (loaded === null) return { kind: "nothing_to_do" };
  if (loaded.state.status === "executing") return untilSettled(resume, loaded, item, deps);
  if (loaded.state.status !== "approved") return { kind: "nothing_to_do" };
  return begin(loaded, item, deps);
}

async function begin(loaded: Loaded<ChangeState>, item: WorkItem, deps: ExecuteDeps): Promise<StageOutcome> {
  const { state } = loaded;
  const now = await deps.store.now();
  if (state.expiresAt !== null && now >= state.expiresAt) {
    return commit(loaded, { command: "expire" }, item, deps, now);
  }
  // People wait: the flag, Slack and the guardrails are asked at once. Of a stale change no more than that matters.
  const askedAt = performance.now();
  const deciding = decisionOn(state, deps, now);
  deciding.catch(() => undefined);
  const found = await freshnessOf(state, deps);
  if (found.kind === "stale") return supersede(loaded, found, item, deps.store, now);
  const { digest } = found;
  // While the flag was slow to come, somebody may have lost a role or pressed Pause.
  const isLate = performance.now() - askedAt > stillTrueMs;
  const decision = await (isLate ? decisionOn(state, deps, await deps.store.now()) : deciding);
  const operationId = deps.newOperationId();
  const answer = decideChange(
    { command: "begin", operationId, epoch: item.epoch, digest, decision },
    state,
    now,
  );
  if (answer.kind === "refused") throw new Error(`change/${state.id}: begin was refused: ${answer.reason}`);
  const started = answer.events.some((event) => event.type === "execution_started");
  const beyond = await afterEnd(state, answer.events, deps.store, now);
  const result = await deps.store.ledger.commit({
    writes: [changeWrite(state.id, loaded.version, answer.events), ...beyond.writes],
    followUps: started ? [] : [showCard(state), ...expiryAfter(answer.events, state), ...beyond.followUps],
    ...(started ? {} : { finish: item }),
  });
  if (!started || result.kind !== "committed") return outcomeOf(result);

  const executing = {
    state: answer.events.reduce<ChangeState>((before, event) => evolveChange(state.id, before, event), state),
    version: loaded.version + answer.events.length,
  };
  return untilSettled(apply, executing, item, deps);
}

type Step = (loaded: Loaded<ChangeState>, item: WorkItem, deps: ExecuteDeps) => Promise<StageOutcome>;

/** Whatever fails while a change is executing is tried again; after a while a person is called. */
async function untilSettled(
  step: Step,
  loaded: Loaded<ChangeState>,
  item: WorkItem,
  deps: ExecuteDeps,
): Promise<StageOutcome> {
  try {
    return await step(loaded, item, deps);
  } catch (error) {
    const { state } = loaded;
    const now = await deps.store.now();
    const startedAt = state.execution?.startedAt ?? now;
    const message = error instanceof Error ? error.message : String(error);
    if (item.attempt < patienceTries || now < later(startedAt, patienceMs)) throw toBeRetried(error);
    const reason = plainText(
      `Whether it took effect could not be found out in ${item.attempt} tries: look at the flag in FeatBit. ${message}`,
      500,
    );
    const found: Reconciliation = { kind: "unclear", reason, current: [] };
    const operationId = operationOf(state);
    return commit(loaded, { command: "record_reconciliation", operationId, found }, item, deps, now);
  }
}

function toBeRetried(error: unknown): unknown {
  if (!(error instanceof OpsError)) return error;
  const { code, message, retryAfterMs } = error;
  return new OpsError(code, message, {
    retryable: true,
    retryAfterMs: retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, longestPauseMs),
    cause: error,
  });
}

/** Sends the call. Everything before this line can be repeated freely; this is the one that must not be. */
async function apply(loaded: Loaded<ChangeState>, item: WorkItem, deps: ExecuteDeps): Promise<StageOutcome> {
  const { state } = loaded;
  const operationId = operationOf(state);
  const outcome = await deps.writer.apply({
    plan: state.proposal.plan,
    operationId,
    comment: commentOf(state),
    stillOurs: () => deps.store.work.renew(item, deps.leaseMs),
  });
  if (outcome.kind === "lease_lost") return { kind: "handed_over" };
  if (outcome.kind === "unknown") return recordUnknown(loaded, outcome, deps);
  const now = await deps.store.now();
  return commit(loaded, { command: "record_outcome", operationId, outcome }, item, deps, now);
}

async function recordUnknown(
  { state, version }: Loaded<ChangeState>,
  outcome: Extract<ApplyOutcome, { kind: "unknown" }>,
  deps: ExecuteDeps,
): Promise<StageOutcome> {
  const operationId = operationOf(state);
  if (state.execution?.uncertain === null) {
    try {
      const now = await deps.store.now();
      const answer = decideChange({ command: "record_outcome", operationId, outcome }, state, now);
      if (answer.kind === "refused") throw new Error(`change/${state.id}: ${answer.reason}`);
      await deps.store.ledger.commit({
        writes: [changeWrite(state.id, version, answer.events)],
        followUps: [showCard(state)],
      });
    } catch (error) {
      // That it is told matters less than that nothing is sent again before the write has settled.
      if (!(error instanceof OpsError)) throw error;
    }
  }
  const inMs = outcome.settleMs ?? deps.settleMs;
  return { kind: "again", inMs, because: `outcome unknown: ${outcome.reason}` };
}

/**
 * An execution was begun and not ended: by a crash, by a pause, or with an unknown outcome. After an unknown outcome
 * this runs no earlier than the write has settled, and after a crash no earlier than the lease, which was renewed
 * just before the write, has run out; what neither covers is counted from the start.
 */
async function resume(loaded: Loaded<ChangeState>, item: WorkItem, deps: ExecuteDeps): Promise<StageOutcome> {
  const { state } = loaded;
  const operationId = operationOf(state);
  // Taken before reading: what was not there then may have landed while it was read.
  const readAt = await deps.store.now();
  const found = await deps.writer.reconcile(state.proposal.plan, operationId);
  if (found.kind === "not_applied") {
    const { startedAt, uncertain } = state.execution ?? { startedAt: readAt, uncertain: null };
    const settledAt = later(startedAt, deps.settleMs);
    if (uncertain === null && readAt < settledAt) {
      const inMs = Date.parse(settledAt) - Date.parse(readAt);
      return { kind: "again", inMs, because: "the write may still be under way" };
    }
    const now = await deps.store.now();
    const withdrawn = await withdrawnBecause(state, deps, now);
    if (withdrawn === null) return apply(loaded, item, deps);
    const outcome: ApplyOutcome = { kind: "failed", reason: `${withdrawn} Nothing was written.` };
    return commit(loaded, { command: "record_outcome", operationId, outcome }, item, deps, now);
  }
  const now = await deps.store.now();
  return commit(loaded, { command: "record_reconciliation", operationId, found }, item, deps, now);
}

function operationOf(state: ChangeState): string {
  if (state.execution === null) throw new Error(`change/${state.id} is executing without an operation`);
  return state.execution.operationId;
}

function commentOf(state: ChangeState): string {
  const { summary, action } = state.proposal;
  return [
    `Signalman ${state.id} (${state.incidentId})`,
    summary,
    `requested by ${requesterText(action.actor.requester)}`,
    `approved by ${approvedBy(state).join(", ")}`,
  ].join(" · ");
}

function approvedBy({ glass, standing, votes }: ChangeState): string[] {
  if (glass !== null) return [`${glass.name} (emergency)`];
  if (standing !== null) return [`${standing.by} (standing approval ${standing.standingId})`];
  return votes.filter(({ vote }) => vote === "approve").map(({ name }) => name);
}

function showCard(state: ChangeState): FollowUp {
  return { stage: "notify", subject: state.incidentId, correlationId: state.correlationId };
}

function expiryAfter(
  events: readonly { type: string; expiresAt?: Instant | undefined }[],
  state: ChangeState,
): FollowUp[] {
  const dueAt = events.find((event) => event.type === "votes_voided")?.expiresAt;
  if (dueAt === undefined) return [];
  const { id: subject, correlationId } = state;
  return [
    { stage: "expire", subject, correlationId, dueAt },
    // It finds out itself when its first step is due.
    { stage: "chase", subject, correlationId },
  ];
}

/** Decides, commits and finishes the work. An applied reverse or expansion closes what it came from. */
async function commit(
  { state, version }: Loaded<ChangeState>,
  command: ChangeCommand,
  item: WorkItem,
  deps: ExecuteDeps,
  now: Instant,
): Promise<StageOutcome> {
  const answer = decideChange(command, state, now);
  if (answer.kind === "refused") throw new Error(`change/${state.id}: ${answer.reason}`);
  const applied = answer.events.some((event) => event.type === "change_applied");
  const beyond = await afterEnd(state, answer.events, deps.store, now);
  const batch: Commit = {
    writes: [changeWrite(state.id, version, answer.events), ...beyond.writes],
    followUps: [showCard(state), ...beyond.followUps],
    cancel: [{ stage: "expire", subject: state.id }],
    finish: item,
  };
  if (applied) {
    const { id: subject, correlationId } = state;
    batch.followUps?.push({ stage: "verify", subject, correlationId, dueAt: later(now, deps.verifyAfterMs) });
    await closeOrigin(state, batch, deps.store, now);
  }
  const result = await deps.store.ledger.commit(batch);
  return outcomeOf(result);
}

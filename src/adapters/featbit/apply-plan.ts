import { setTimeout as sleep } from "node:timers/promises";
import type { ApplyOutcome, ChainCheck } from "../../domain/change/outcome.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { type Plan, segmentIdsUsed } from "../../domain/flag/plan.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ApplyRequest } from "../../pipeline/ports/flag-platform.ts";
import { checkChain, isAudited, madeOrOlder, ownEntry } from "./audit-chain.ts";
import { isRevisionChecked, writeOf } from "./flag-writes.ts";
import { operationComment } from "./operation-comment.ts";
import { type ReadBack, readBack } from "./read-back.ts";
import { readSnapshot } from "./read-flag.ts";
import { isCertainlyNotWritten, type RestClient } from "./rest-client.ts";
import { currentWords, staleness } from "./staleness.ts";

export interface ApplySettings {
  /** Wait between a write and reading it back, in milliseconds: a rival's write that began before ours ends in it. */
  settleMs: number;
  /** How long an answer is waited for, in milliseconds. */
  timeoutMs: number;
}

/** How long a write whose connection was cut, or that was answered by an error, may at most go on. */
const cutOffMs = 3_000;

/**
 * One attempt to carry out a plan, and the truth about how it ended:
 *
 * | what happened | outcome |
 * | --- | --- |
 * | the flag could not be read before writing | `failed`: nothing was written; thrown if it may be read later |
 * | flag or segment moved, flag archived or gone | as the audit log says, see `afterMove` |
 * | the lease was lost | `lease_lost`: nothing was written |
 * | FeatBit said no (400, 401, 403, 404, 422 …) | `failed` |
 * | it asked to wait (429), or no connection came about | nothing was written; thrown, for it may be sent later |
 * | 409 | as the audit log says (a proxy may have sent the write twice) |
 * | timeout, cut connection, 5xx, an answer that is none | `unknown` |
 * | 200, our entry in the audit log | `applied`, with what the chain says (`checkChain`) |
 * | 200 to a toggle or an archiving that somebody else had done already | `conflicted`: nothing was written |
 * | 200 to a revision-checked write whose entry or log cannot be read | `applied`, chain `unread` |
 * | 200 to another write whose entry or log cannot be read (the 200 alone does not say who did it) | `unknown` |
 *
 * Ours overwritten within the same moment is still `applied`, with a `broken` chain that names our own entry.
 */
export async function applyPlan(
  client: RestClient,
  request: ApplyRequest,
  settings: ApplySettings,
): Promise<ApplyOutcome | { kind: "lease_lost" }> {
  const { plan, operationId, comment } = request;
  const write = writeOf(plan, operationComment(operationId, comment));

  const before = await outcomeOf(() => snapshot(client, plan));
  if (before instanceof OpsError) {
    if (before.retryable) throw before;
    return failed(`The flag could not be read just before writing. ${before.message}`);
  }
  const moved = staleness(plan, before);
  if (moved.length > 0) {
    return afterMove(client, plan, operationId, settings, async () => [
      ...moved,
      ...currentWords(plan, before),
    ]);
  }
  if (!(await request.stillOurs())) return { kind: "lease_lost" };

  const revision = await outcomeOf(() => client.put(write.path, write.body, write.answer, write.needs));
  if (revision instanceof OpsError) {
    if (revision.code === "conflict") {
      return afterMove(client, plan, operationId, settings, () => wordsNow(client, plan));
    }
    if (isCertainlyNotWritten(revision)) {
      // Sent again only after reading back, and only while the approval lasts.
      if (revision.retryable) throw revision;
      return failed(revision.message);
    }
    const { timeoutMs } = settings;
    // A write that was cut off ends soon; one that nobody answered may go on for as long again.
    return unknown(revision.message, revision.code === "timeout" ? timeoutMs : soon(settings));
  }
  return afterWrite(client, plan, operationId, revision, settings);
}

async function afterWrite(
  client: RestClient,
  plan: Plan,
  operationId: string,
  revision: string | null,
  settings: ApplySettings,
): Promise<ApplyOutcome> {
  await sleep(settings.settleMs);
  const back = await outcomeOf(() => readBack(client, plan, settings.settleMs));
  if (back instanceof OpsError) {
    return unseen(plan, revision, `It could not be read back. ${back.message}`, settings);
  }
  const applied = appliedAs(plan, operationId, back);
  if (applied !== null) return applied;

  if (!isRevisionChecked(plan.forward) && doneByOther(plan, revision, back)) {
    return { kind: "conflicted", current: await wordsNow(client, plan) };
  }
  return unseen(plan, revision, "FeatBit's audit log has no entry with our operation id.", settings);
}

/** Whether an entry, none of which is ours, made what our write was to make: the answer's revision, else the state. */
function doneByOther(plan: Plan, revision: string | null, { entries }: ReadBack): boolean {
  if (revision !== null) return entries.some((entry) => entry.revisionAfter === revision);
  const { isArchived } = plan.after;
  return entries
    .filter((entry) => !madeOrOlder(entry, plan.before.flag))
    .some(({ before, after }) => before?.isArchived === !isArchived && after?.isArchived === isArchived);
}

/** The applied outcome, if the log holds our write. */
export function appliedAs(
  plan: Plan,
  operationId: string,
  { found, entries }: ReadBack,
): Extract<ApplyOutcome, { kind: "applied" }> | null {
  const own = ownEntry(entries, operationId);
  if (own?.revisionAfter === undefined || own.revisionAfter === null) return null;
  const chain: ChainCheck =
    found === null
      ? { kind: "unread", reason: "The flag was deleted after our write." }
      : checkChain(plan, own, found);
  return { kind: "applied", revision: own.revisionAfter, chain };
}

/** A 200 whose trace was not seen. Only a revision-checked write is proven by the revision it answered. */
function unseen(plan: Plan, revision: string | null, why: string, settings: ApplySettings): ApplyOutcome {
  const reason = plainText(`FeatBit answered that it wrote. ${why}`, 500);
  if (revision === null || !isRevisionChecked(plan.forward)) return unknown(reason, soon(settings));
  return { kind: "applied", revision, chain: { kind: "unread", reason } };
}

/**
 * The flag is not what was approved, and this time nothing was written. That may be because our own write got there:
 * one that was sent twice, or an earlier one of this operation that nobody heard of again.
 *
 * | what the audit log says | outcome |
 * | --- | --- |
 * | it has our entry | `applied` |
 * | it cannot be read, or tells nothing of the newest revision | `unknown` |
 * | others made the newest revision | `conflicted`: nothing was written |
 */
async function afterMove(
  client: RestClient,
  plan: Plan,
  operationId: string,
  settings: ApplySettings,
  current: () => Promise<string[]>,
): Promise<ApplyOutcome> {
  const back = await outcomeOf(() => readBack(client, plan, settings.settleMs));
  if (back instanceof OpsError) {
    return unknown(`The flag has moved, and whether by us is not known. ${back.message}`, soon(settings));
  }
  const applied = appliedAs(plan, operationId, back);
  if (applied !== null) return applied;
  if (back.found !== null && !isAudited(back.found, plan.before.flag.revision)) {
    return unknown("The flag has moved, and FeatBit's audit log does not say by whom.", soon(settings));
  }
  return { kind: "conflicted", current: await current() };
}

async function wordsNow(client: RestClient, plan: Plan): Promise<string[]> {
  const current = await outcomeOf(() => snapshot(client, plan));
  if (current instanceof OpsError) return [plainText(`The flag could not be read again. ${current.message}`)];
  return [...staleness(plan, current), ...currentWords(plan, current)];
}

export function snapshot(client: RestClient, plan: Plan) {
  return readSnapshot(client, plan.ref, segmentIdsUsed(plan));
}

function failed(reason: string): ApplyOutcome {
  return { kind: "failed", reason: plainText(`${reason} Nothing was written.`, 500) };
}

function unknown(reason: string, settleMs: number): ApplyOutcome {
  return { kind: "unknown", reason: plainText(reason, 500), settleMs };
}

function soon({ timeoutMs }: ApplySettings): number {
  return Math.min(cutOffMs, timeoutMs);
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<T | OpsError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OpsError) return error;
    throw error;
  }
}

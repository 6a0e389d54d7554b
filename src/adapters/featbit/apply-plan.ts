import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ApplyOutcome, ChainCheck } from "../../domain/change/outcome.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { type Plan, segmentIdsUsed } from "../../domain/flag/plan.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ApplyRequest } from "../../pipeline/ports/flag-platform.ts";
import { checkChain, ownEntry } from "./audit-chain.ts";
import { writeOf } from "./flag-writes.ts";
import { operationComment } from "./operation-comment.ts";
import { type ReadBack, readBack } from "./read-back.ts";
import { readSnapshot } from "./read-flag.ts";
import { isCertainlyNotWritten, type RestClient } from "./rest-client.ts";
import { currentWords, staleness } from "./staleness.ts";

export interface ApplySettings {
  /** Wait between a write and reading it back, in milliseconds: a rival's write that began before ours ends in it. */
  settleMs: number;
}

/**
 * One attempt to carry out a plan, and the truth about how it ended:
 *
 * | what happened | outcome |
 * | --- | --- |
 * | the flag could not be read before writing | `failed`: nothing was written |
 * | flag or segment moved, flag archived or gone | `conflicted`: nothing was written |
 * | the lease was lost | `lease_lost`: nothing was written |
 * | FeatBit said no (400, 401, 403, 404, 422, 429 …), or no connection came about | `failed` |
 * | 409, and no entry of ours in the audit log (a proxy may have sent the write twice) | `conflicted` |
 * | timeout, cut connection, 5xx, an answer that is none | `unknown` |
 * | 200, our entry in the audit log | `applied`, with what the chain says (`checkChain`) |
 * | 200 to a toggle that found the flag switched already by somebody else | `conflicted`: nothing was written |
 * | 200 to a revision-checked write whose entry or log cannot be read | `applied`, chain `unread` |
 * | 200 to a toggle whose entry or log cannot be read (the 200 alone does not say who switched) | `unknown` |
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
    return failed(`The flag could not be read just before writing. ${before.message}`);
  }
  const moved = staleness(plan, before);
  if (moved.length > 0) return { kind: "conflicted", current: [...moved, ...currentWords(plan, before)] };
  if (!(await request.stillOurs())) return { kind: "lease_lost" };

  const revision = await outcomeOf(() => client.put(write.path, write.body, Revision, write.needs));
  if (revision instanceof OpsError) {
    if (revision.code === "conflict") return afterConflict(client, plan, operationId, settings);
    return isCertainlyNotWritten(revision)
      ? failed(revision.message)
      : { kind: "unknown", reason: plainText(revision.message, 500) };
  }
  return afterWrite(client, plan, operationId, revision, settings);
}

const Revision = z.string().min(1);

async function afterWrite(
  client: RestClient,
  plan: Plan,
  operationId: string,
  revision: string,
  { settleMs }: ApplySettings,
): Promise<ApplyOutcome> {
  await sleep(settleMs);
  const back = await outcomeOf(() => readBack(client, plan, settleMs));
  if (back instanceof OpsError) return unseen(plan, revision, `It could not be read back. ${back.message}`);
  const applied = appliedAs(plan, operationId, back);
  if (applied !== null) return applied;

  const other = back.entries.find((entry) => entry.revisionAfter === revision);
  if (plan.forward.call === "toggle" && other !== undefined) {
    return { kind: "conflicted", current: await wordsNow(client, plan) };
  }
  return unseen(plan, revision, "FeatBit's audit log has no entry with our operation id.");
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
function unseen(plan: Plan, revision: string, why: string): ApplyOutcome {
  const reason = plainText(`FeatBit answered that it wrote. ${why}`, 500);
  if (plan.forward.call === "toggle") return { kind: "unknown", reason };
  return { kind: "applied", revision, chain: { kind: "unread", reason } };
}

async function afterConflict(
  client: RestClient,
  plan: Plan,
  operationId: string,
  { settleMs }: ApplySettings,
): Promise<ApplyOutcome> {
  const back = await outcomeOf(() => readBack(client, plan, settleMs));
  const applied = back instanceof OpsError ? null : appliedAs(plan, operationId, back);
  return applied ?? { kind: "conflicted", current: await wordsNow(client, plan) };
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

async function outcomeOf<T>(work: () => Promise<T>): Promise<T | OpsError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OpsError) return error;
    throw error;
  }
}

import { appendAudit } from "./audit.ts";
import type { Call } from "./call.ts";
import { afterwards, saveFlag } from "./flag-write.ts";
import { toInstant, toStored } from "./instants.ts";
import { nextUpdate, writeWindow } from "./sandbox.ts";
import { referencingFlags } from "./world.ts";
import type { Instruction, Segment } from "./world.ts";

/** Saves, audits and publishes; with `touchFlags` the flags that use the segment are touched too. */
export async function writeSegment(
  call: Call,
  before: Segment,
  operation: string,
  change: (draft: Segment) => void,
  touchFlags = false,
): Promise<void> {
  const after = structuredClone(before);
  change(after);
  await writeWindow(call.sandbox);
  after.updatedAt = nextUpdate(call.atMs ?? call.sandbox.now(), before.updatedAt);
  saveSegment(call, after);
  recordSegment(call, operation, before, after);
  if (touchFlags) bumpReferencingFlags(call, after);
}

/** Flags get a new `updatedAt` but no new revision, and SDKs are not told of them. */
function bumpReferencingFlags(call: Call, segment: Segment): void {
  for (const flag of referencingFlags(call.world, segment.id)) {
    const nowMs = call.atMs ?? call.sandbox.now();
    const after = {
      ...structuredClone(flag),
      updatorId: call.actor.id,
      updatedAt: nextUpdate(nowMs, flag.updatedAt),
    };
    appendAudit(call.world, {
      kind: "FeatureFlag",
      envId: flag.envId,
      operation: "Update",
      comment: `Referenced segment '${segment.name}' has been updated.`,
      actor: call.actor,
      before: structuredClone(flag),
      after,
      nowMs,
      at: afterwards(after.updatedAt),
    });
    saveFlag(call, after);
  }
}

export function saveSegment(call: Call, segment: Segment): void {
  const row = {
    ...structuredClone(segment),
    createdAt: toStored(segment.createdAt),
    updatedAt: toStored(segment.updatedAt),
  };
  const { segments } = call.world;
  const index = segments.findIndex(({ id }) => id === segment.id);
  if (index < 0) segments.push(row);
  else segments[index] = row;
}

export function recordSegment(
  call: Call,
  operation: string,
  before: Segment | undefined,
  after: Segment | undefined,
): void {
  const subject = after ?? before;
  if (!subject) throw new Error("a segment change needs the row before or after it");
  const { sandbox, actor, comment } = call;
  const nowMs = call.atMs ?? sandbox.now();
  const at = after?.updatedAt ?? toInstant(nowMs);
  const mutation = {
    at,
    envId: subject.envId,
    subject: "segment" as const,
    key: subject.id,
    operation,
    comment: comment ?? "",
    actor: actor.name,
    revisionBefore: undefined,
    revisionAfter: undefined,
    audited: false,
  };
  sandbox.mutations.push(mutation);
  const rows = { ...(before && { before }), ...(after && { after }) };
  const entry = appendAudit(call.world, {
    kind: "Segment",
    envId: subject.envId,
    operation,
    comment,
    actor,
    nowMs,
    at: afterwards(at),
    ...rows,
  });
  mutation.audited = true;
  publishSegment(call, before, after, at, entry.instructions);
}

function publishSegment(
  call: Call,
  before: Segment | undefined,
  after: Segment | undefined,
  at: string,
  instructions: Instruction[],
): void {
  const { listeners } = call.sandbox;
  const subject = after ?? before;
  if (after) for (const listener of listeners.segment) listener(after);
  if (!subject) return;
  const change = { actorName: call.actor.name, instructions, at };
  const kind = after ? (before ? {} : { created: true as const }) : { deleted: true as const };
  for (const listener of listeners.segmentChange) listener(subject, before, { ...change, ...kind });
}

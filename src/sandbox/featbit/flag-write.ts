import { appendAudit } from "./audit.ts";
import type { Call } from "./call.ts";
import { conflict, notFound } from "./envelope.ts";
import { newGuid } from "./guid.ts";
import { microsOf, toInstant, toStored } from "./instants.ts";
import { nextUpdate, writeWindow } from "./sandbox.ts";
import type { Change } from "./sandbox.ts";
import { findFlag } from "./world.ts";
import type { Actor, AuditEntry, Flag } from "./world.ts";

/** The flag as read by this request: later writers do not change it. */
export function readFlag(call: Call): Flag {
  const flag = findFlag(call.world, call.param("envId"), call.param("key"));
  if (!flag) throw notFound();
  return structuredClone(flag);
}

export function checkRevision(flag: Flag, revision: string | undefined): void {
  if (flag.revision !== revision?.toLowerCase()) throw conflict();
}

/**
 * Save, audit, publish: in the order of the real server and, like it, not in a transaction. The whole row is written
 * from what was read before the window, so whatever another request saved meanwhile is lost.
 */
export async function writeFlag(
  call: Call,
  before: Flag,
  operation: string,
  change: (draft: Flag) => void,
  options: { actor?: Actor; comment?: string } = {},
): Promise<Flag> {
  const { sandbox } = call;
  const actor = options.actor ?? call.actor;
  const after = structuredClone(before);
  change(after);
  await writeWindow(sandbox);
  const nowMs = call.atMs ?? sandbox.now();
  after.revision = newGuid();
  after.updatorId = actor.id;
  after.updatedAt = nextUpdate(nowMs, before.updatedAt);
  saveFlag(call, after);
  const comment = options.comment ?? call.comment;
  const auditName = operation === "Archive" || operation === "Restore" ? operation : "Update";
  const entry = recorded(call, actor, { operation, before, after, comment }, () =>
    appendAudit(call.world, {
      kind: "FeatureFlag",
      envId: after.envId,
      operation: auditName,
      comment,
      actor,
      before,
      after,
      nowMs,
      at: afterwards(after.updatedAt),
    }),
  );
  publish(call, after, before, {
    actorName: actor.name,
    instructions: entry.instructions,
    at: after.updatedAt,
  });
  return after;
}

export async function createFlag(call: Call, flag: Omit<Flag, "id">, id: string): Promise<Flag> {
  await writeWindow(call.sandbox);
  const created: Flag = { ...flag, id };
  saveFlag(call, created);
  const details = { operation: "Create", before: undefined, after: created, comment: call.comment };
  recorded(call, call.actor, details, () =>
    appendAudit(call.world, {
      kind: "FeatureFlag",
      envId: created.envId,
      operation: "Create",
      comment: call.comment,
      actor: call.actor,
      after: stored(created),
      nowMs: call.atMs ?? call.sandbox.now(),
      at: afterwards(created.updatedAt),
    }),
  );
  const change: Change = {
    actorName: call.actor.name,
    instructions: [],
    at: created.updatedAt,
    created: true,
  };
  publish(call, created, undefined, change);
  return created;
}

/** Deletes the row and says so in the audit log; connected SDKs are not told. */
export async function removeFlag(call: Call, flag: Flag): Promise<void> {
  await writeWindow(call.sandbox);
  const { world } = call;
  world.flags = world.flags.filter(({ id }) => id !== flag.id);
  const nowMs = call.atMs ?? call.sandbox.now();
  const at = nextUpdate(nowMs, flag.updatedAt);
  const details = { operation: "Remove", before: flag, after: undefined, comment: call.comment };
  recorded(call, call.actor, details, () =>
    appendAudit(world, {
      kind: "FeatureFlag",
      envId: flag.envId,
      operation: "Remove",
      comment: call.comment,
      actor: call.actor,
      before: flag,
      nowMs,
      at: afterwards(at),
    }),
  );
  const change: Change = { actorName: call.actor.name, instructions: [], at, deleted: true };
  for (const listener of call.sandbox.listeners.flagChange) listener(flag, flag, change);
}

export function saveFlag(call: Call, flag: Flag): void {
  const { world } = call;
  const index = world.flags.findIndex(({ id }) => id === flag.id);
  if (index < 0) world.flags.push(stored(flag));
  else world.flags[index] = stored(flag);
}

const stored = (flag: Flag): Flag => ({
  ...structuredClone(flag),
  createdAt: toStored(flag.createdAt),
  updatedAt: toStored(flag.updatedAt),
});

/** Audit rows are a little younger than the change they tell of. */
export const afterwards = (instant: string): string => toInstant((microsOf(instant) + 1500) / 1000);

function publish(call: Call, after: Flag, before: Flag | undefined, change: Change): void {
  for (const listener of call.sandbox.listeners.flag) listener(after);
  for (const listener of call.sandbox.listeners.flagChange) listener(after, before, change);
}

type Details = {
  operation: string;
  before: Flag | undefined;
  after: Flag | undefined;
  comment: string | null | undefined;
};

function recorded(call: Call, actor: Actor, details: Details, audit: () => AuditEntry): AuditEntry {
  const { before, after } = details;
  const subject = after ?? before;
  const mutation = {
    at: after?.updatedAt ?? toInstant(call.sandbox.now()),
    envId: subject?.envId ?? "",
    subject: "flag" as const,
    key: subject?.key ?? "",
    operation: details.operation,
    comment: details.comment ?? "",
    actor: actor.name,
    revisionBefore: before?.revision,
    revisionAfter: after?.revision,
    audited: false,
  };
  call.sandbox.mutations.push(mutation);
  const entry = audit();
  mutation.audited = true;
  return entry;
}

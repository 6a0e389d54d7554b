import { Failure, ok, serverError } from "./envelope.ts";
import type { Call } from "./call.ts";
import { toDotnetJson } from "./dotnet-json.ts";
import { newRowId } from "./guid.ts";
import { compareFlags, compareSegments } from "./instructions.ts";
import { microsOf, toStored } from "./instants.ts";
import type { Actor, AuditEntry, Flag, Instruction, Segment, World } from "./world.ts";

const COMMENT_COLUMN = 512;

type Change = {
  envId: string;
  operation: string;
  comment: string | null | undefined;
  actor: Actor;
  at: string;
  nowMs: number;
} & (
  | { kind: "FeatureFlag"; before?: Flag; after?: Flag }
  | { kind: "Segment"; before?: Segment; after?: Segment }
);

/**
 * Adds the entry of one change. A comment that does not fit its column (512 code points, no U+0000) fails here, after
 * the row was saved: the change stays, unaudited and unpublished.
 */
export function appendAudit(world: World, change: Change): AuditEntry {
  const comment = change.comment ?? "";
  if (Array.from(comment).length > COMMENT_COLUMN || comment.includes("\0")) throw serverError();
  const subject = change.after ?? change.before;
  if (!subject) throw new Error("an audit entry needs the row before or after the change");
  const entry: AuditEntry = {
    id: newRowId(change.nowMs),
    envId: change.envId,
    refId: subject.id,
    refType: change.kind,
    keyword: change.kind === "FeatureFlag" ? `${subject.key},${subject.name}` : subject.name,
    operation: change.operation,
    previous: change.before ? toDotnetJson(change.before) : "",
    current: change.after ? toDotnetJson(change.after) : "",
    comment,
    creatorId: change.actor.id,
    creatorName: change.actor.name,
    creatorEmail: change.actor.email,
    createdAt: toStored(change.at),
    instructions: instructionsOf(change),
  };
  world.audits.push(entry);
  return entry;
}

function instructionsOf(change: Change): Instruction[] {
  if (!change.before || !change.after) return [];
  return change.kind === "FeatureFlag"
    ? compareFlags(change.before, change.after)
    : compareSegments(change.before, change.after);
}

/** GET audit-logs: any valid token, any environment; a page with a description set to null cannot be written. */
export function listAudits(call: Call) {
  const from = call.int("from", "From");
  const to = call.int("to", "To");
  const size = call.int("pageSize", "PageSize") ?? 10;
  const index = call.int("pageIndex", "PageIndex") ?? 0;
  if (index < 0 || size < 0) throw serverError();
  const everywhere = call.query.get("crossEnvironment")?.toLowerCase() === "true";
  const wanted = (call.query.get("query") ?? "").toLowerCase();
  const equals = (name: string, value: string) => (call.query.get(name) || value) === value;
  const entries = call.world.audits
    .map((entry, order) => ({ entry, order }))
    .filter(({ entry }) => everywhere || entry.envId === call.param("envId"))
    .filter(({ entry }) => equals("refId", entry.refId) && equals("refType", entry.refType))
    .filter(({ entry }) => equals("creatorId", entry.creatorId))
    .filter(({ entry }) => `${entry.keyword}\n${entry.comment}`.toLowerCase().includes(wanted))
    .filter(({ entry }) => from === undefined || microsOf(entry.createdAt) >= from * 1000)
    .filter(({ entry }) => to === undefined || microsOf(entry.createdAt) <= to * 1000)
    .toSorted((a, b) => microsOf(b.entry.createdAt) - microsOf(a.entry.createdAt) || b.order - a.order)
    .map(({ entry }) => entry);
  const items = entries.slice(index * size, (index + 1) * size);
  if (items.some(isUnreadable)) throw serverError();
  return ok({ totalCount: entries.length, items: items.map(toItem) });
}

const isUnreadable = ({ instructions }: AuditEntry): boolean =>
  instructions.some(({ kind, value }) => kind === "UpdateDescription" && value === null);

function toItem({ envId: _envId, keyword: _keyword, previous, current, ...rest }: AuditEntry) {
  const { id, refId, refType, operation, ...attribution } = rest;
  return { id, refId, refType, operation, dataChange: { previous, current }, ...attribution };
}

/** POST audit-logs/compare, for people only. */
export function compareChange(call: Call) {
  const body = call.bodyAs<{ refType?: string; dataChange?: { previous: string; current: string } }>();
  if (!body.dataChange?.previous || !body.dataChange.current) throw new Failure(400, "dataChange_is_invalid");
  const { previous, current } = body.dataChange;
  if (body.refType === "Segment") {
    const before: Segment = JSON.parse(previous);
    const after: Segment = JSON.parse(current);
    return ok(compareSegments(before, after));
  }
  const before: Flag = JSON.parse(previous);
  const after: Flag = JSON.parse(current);
  return ok(compareFlags(before, after));
}

import type { Call } from "./call.ts";
import { Failure, forbidden, notFound, ok, serverError } from "./envelope.ts";
import { isBlank, keyCodes, nameCodes, refuse } from "./flags.ts";
import { newRowId } from "./guid.ts";
import { isAllowed, segmentResource } from "./iam.ts";
import { compareSegments } from "./instructions.ts";
import { microsOf, toInstant } from "./instants.ts";
import { writeWindow } from "./sandbox.ts";
import { recordSegment, saveSegment, writeSegment } from "./segment-write.ts";
import { findSegment, isSegmentCondition, referencingFlags } from "./world.ts";
import type { Segment, SegmentRule } from "./world.ts";

/** Segments are found by id alone: any environment's path serves. */
function readSegment(call: Call): Segment {
  const segment = findSegment(call.world, call.param("id"));
  if (!segment) throw notFound();
  return structuredClone(segment);
}

export const getSegment = (call: Call) => ok(readSegment(call));

export function segmentsByIds(call: Call) {
  const ids = call.query.getAll("ids");
  return ok(call.world.segments.filter(({ id }) => ids.includes(id)));
}

export const flagReferences = (call: Call) => ok(references(call, call.param("id")));

const references = (call: Call, id: string) =>
  referencingFlags(call.world, id).map((flag) => ({
    envId: flag.envId,
    id: flag.id,
    name: flag.name,
    key: flag.key,
  }));

export const allSegmentTags = (call: Call) =>
  ok([
    ...new Set(
      call.world.segments.filter(({ envId }) => envId === call.param("envId")).flatMap(({ tags }) => tags),
    ),
  ]);

export function listSegments(call: Call) {
  const size = call.int("pageSize", "PageSize") ?? 10;
  const index = call.int("pageIndex", "PageIndex") ?? 0;
  if (index < 0 || size < 0) throw serverError();
  const name = (call.query.get("name") ?? "").toLowerCase();
  const archived = call.query.get("isArchived")?.toLowerCase() === "true";
  const segments = call.world.segments
    .filter((segment) => segment.envId === call.param("envId") && segment.isArchived === archived)
    .filter((segment) => segment.name.toLowerCase().includes(name))
    .toSorted((a, b) => microsOf(b.updatedAt) - microsOf(a.updatedAt));
  const items = segments.slice(index * size, (index + 1) * size).map((segment) => {
    const { id, key, type, scopes, tags, description, createdAt, updatedAt } = segment;
    return { id, name: segment.name, key, type, scopes, tags, description, createdAt, updatedAt };
  });
  return ok({ totalCount: segments.length, items });
}

type CreateBody = {
  type?: string;
  name?: string;
  key?: string;
  description?: string | null;
  scopes?: string[] | null;
};

export async function createSegment(call: Call) {
  const body = call.bodyAs<CreateBody>();
  const scopes = body.scopes ?? [];
  const scoped = scopes.length > 0 && scopes.every((scope) => /^organization\/[^*]+$/.test(scope));
  refuse([
    ...(["environment-specific", "shared"].includes(body.type ?? "") ? [] : ["type_is_invalid"]),
    ...(isBlank(body.name) ? ["name_is_invalid"] : nameCodes(body.name)),
    ...keyCodes(body.key),
    ...(scoped ? [] : ["scopes_is_invalid"]),
  ]);
  if (body.type === "shared") throw new Failure(422, "Unauthorized"); // shared segments are licensed
  const nowMs = call.atMs ?? call.sandbox.now();
  const at = toInstant(nowMs);
  const segment: Segment = {
    workspaceId: call.world.workspaceId,
    envId: call.param("envId"),
    name: body.name ?? "",
    key: body.key ?? "",
    type: body.type ?? "",
    scopes,
    description: body.description ?? null,
    included: [],
    excluded: [],
    rules: [],
    tags: [],
    isArchived: false,
    isEnvironmentSpecific: true,
    createdAt: at,
    updatedAt: at,
    id: newRowId(nowMs),
  };
  await writeWindow(call.sandbox);
  saveSegment(call, segment);
  recordSegment(call, "Create", undefined, segment);
  return ok(segment);
}

type TargetingBody = { included?: string[] | null; excluded?: string[] | null; rules?: SegmentRule[] | null };

/** No revision: the last write wins. Flags that use the segment are touched and audited too. */
export async function segmentTargeting(call: Call) {
  const body = call.bodyAs<TargetingBody>();
  const nested = (body.rules ?? []).some(({ conditions }) => (conditions ?? []).some(isSegmentCondition));
  refuse(nested ? ["rules_is_invalid"] : []);
  const before = readSegment(call);
  const next = { included: body.included ?? [], excluded: body.excluded ?? [], rules: body.rules ?? [] };
  const resource = segmentResource(call.world, before);
  const kinds = compareSegments(before, { ...before, ...next }).map(({ kind }) => kind);
  for (const action of new Set(kinds.map(actionFor))) {
    if (!isAllowed(call.actor.permissions, action, resource)) throw forbidden();
  }
  await writeSegment(call, before, "Update", (draft) => Object.assign(draft, next), true);
  return ok(true);
}

const actionFor = (kind: string): string =>
  kind.includes("TargetUsers") ? "UpdateSegmentTargetingUsers" : "UpdateSegmentRules";

export async function renameSegment(call: Call) {
  const { name } = call.bodyAs<{ name?: string }>();
  refuse(nameCodes(name));
  await writeSegment(call, readSegment(call), "Update", (draft) => {
    draft.name = name ?? "";
  });
  return ok(true);
}

export async function describeSegment(call: Call) {
  const { description } = call.bodyAs<{ description?: string | null }>();
  await writeSegment(call, readSegment(call), "Update", (draft) => {
    draft.description = description ?? null;
  });
  return ok(true);
}

export async function retagSegment(call: Call) {
  const { tags } = call.bodyAs<{ tags?: string[] | null }>();
  await writeSegment(call, readSegment(call), "Update", (draft) => {
    draft.tags = tags ?? [];
  });
  return ok(true);
}

export async function archiveSegment(call: Call) {
  const before = readSegment(call);
  if (references(call, before.id).length > 0) throw new Failure(422, "SegmentIsBeingUsed");
  await writeSegment(call, before, "Archive", (draft) => {
    draft.isArchived = true;
  });
  return ok(true);
}

export async function restoreSegment(call: Call) {
  await writeSegment(call, readSegment(call), "Restore", (draft) => {
    draft.isArchived = false;
  });
  return ok(true);
}

export async function removeSegment(call: Call) {
  const segment = readSegment(call);
  if (!segment.isArchived) throw new Failure(422, "CannotDeleteUnArchivedSegment");
  await writeWindow(call.sandbox);
  call.world.segments = call.world.segments.filter(({ id }) => id !== segment.id);
  recordSegment(call, "Remove", segment, undefined);
  return ok(true);
}

import type { Call } from "./call.ts";
import { Failure, ok, okButFailed, serverError } from "./envelope.ts";
import { createFlag, readFlag, removeFlag, writeFlag } from "./flag-write.ts";
import { newGuid, newRowId } from "./guid.ts";
import { microsOf, toInstant } from "./instants.ts";
import { PatchRefused, applyPatch } from "./json-patch.ts";
import type { AuditEntry, Flag, Variation } from "./world.ts";

const KEY = /^[a-zA-Z0-9._-]+$/;
export const isBlank = (text: string | null | undefined): text is null | undefined | "" => !text?.trim();

export function nameCodes(name: string | null | undefined): string[] {
  if (isBlank(name)) return ["name_is_required"];
  return name.length > 128 ? ["name_is_invalid"] : [];
}

export function keyCodes(key: string | null | undefined): string[] {
  if (isBlank(key)) return ["key_is_required"];
  return key.length > 128 || !KEY.test(key) ? ["key_is_invalid"] : [];
}

export function refuse(codes: string[]): void {
  if (codes.length > 0) throw new Failure(400, ...codes);
}

/** Shared by create and update. */
export function variationCodes(variations: Variation[] | null | undefined): string[] {
  if (!variations?.length) return ["NotEmptyValidator"];
  return variations.some(({ id, name }) => isBlank(id) || isBlank(name)) ? ["variations_is_invalid"] : [];
}

type CreateBody = {
  name?: string;
  key?: string;
  isEnabled?: boolean;
  description?: string | null;
  variationType?: string;
  variations?: Variation[] | null;
  enabledVariationId?: string;
  disabledVariationId?: string;
  tags?: string[] | null;
};

export async function create(call: Call) {
  const body = call.bodyAs<CreateBody>();
  const known = (id: string | undefined) => (body.variations ?? []).some((variation) => variation.id === id);
  const types = ["boolean", "string", "number", "json"];
  refuse([
    ...nameCodes(body.name),
    ...keyCodes(body.key),
    ...(types.includes(body.variationType ?? "") ? [] : ["variationType_is_invalid"]),
    ...variationCodes(body.variations),
    ...(known(body.disabledVariationId) ? [] : ["disabledVariationId_is_invalid"]),
    ...(known(body.enabledVariationId) ? [] : ["enabledVariationId_is_invalid"]),
  ]);
  requireFreeKey(call, body.key ?? "");
  const nowMs = call.atMs ?? call.sandbox.now();
  const at = toInstant(nowMs);
  const variations = (body.variations ?? []).map(({ id, name, value }) => ({
    id,
    name,
    value: value ?? null,
  }));
  const flag = await createFlag(
    call,
    {
      envId: call.param("envId"),
      revision: newGuid(),
      name: body.name ?? "",
      description: body.description ?? null,
      key: body.key ?? "",
      variationType: body.variationType ?? "",
      variations,
      targetUsers: [],
      rules: [],
      isEnabled: body.isEnabled ?? false,
      disabledVariationId: body.disabledVariationId ?? "",
      fallthrough: {
        dispatchKey: null,
        includedInExpt: true,
        variations: [{ id: body.enabledVariationId ?? "", rollout: [0, 1], exptRollout: 1 }],
      },
      exptIncludeAllTargets: true,
      tags: body.tags ?? [],
      isArchived: false,
      creatorId: call.actor.id,
      updatorId: call.actor.id,
      createdAt: at,
      updatedAt: at,
    },
    newRowId(nowMs),
  );
  return ok(flag);
}

/** Checked before the write window, without a unique index: parallel creates may both pass. */
function requireFreeKey(call: Call, key: string): void {
  const envId = call.param("envId");
  const taken = call.world.flags.some(
    (flag) => flag.envId === envId && flag.key.toLowerCase() === key.toLowerCase(),
  );
  if (taken) throw new Failure(422, "KeyHasBeenUsed");
}

export async function clone(call: Call) {
  const body = call.bodyAs<{
    name?: string;
    key?: string;
    description?: string | null;
    tags?: string[] | null;
  }>();
  refuse([...nameCodes(body.name), ...keyCodes(body.key)]);
  const source = readFlag(call);
  requireFreeKey(call, body.key ?? "");
  const nowMs = call.atMs ?? call.sandbox.now();
  const at = toInstant(nowMs);
  const { id: _id, ...rest } = source;
  const copy = {
    ...rest,
    revision: newGuid(),
    name: body.name ?? "",
    key: body.key ?? "",
    description: body.description ?? null,
    tags: body.tags ?? [],
    isArchived: false,
    creatorId: call.actor.id,
    updatorId: call.actor.id,
    createdAt: at,
    updatedAt: at,
  };
  await createFlag(call, copy, newRowId(nowMs));
  return ok(true);
}

export const get = (call: Call) => ok(readFlag(call));

export function pendingChanges(call: Call) {
  readFlag(call);
  return ok([]); // schedules and change requests are licensed: without a licence there are none
}

export function list(call: Call) {
  const size = call.int("pageSize", "PageSize") ?? 10;
  const index = call.int("pageIndex", "PageIndex") ?? 0;
  if (index < 0 || size < 0) throw serverError();
  const name = (call.query.get("name") ?? "").toLowerCase();
  const tags = call.query.getAll("tags").filter((tag) => tag !== "");
  const archived = call.query.get("isArchived")?.toLowerCase() === "true";
  const enabled = call.query.get("isEnabled")?.toLowerCase();
  const flags = call.world.flags
    .filter((flag) => flag.envId === call.param("envId") && flag.isArchived === archived)
    .filter((flag) => flag.name.toLowerCase().includes(name) || flag.key.toLowerCase().includes(name))
    .filter((flag) => tags.every((tag) => flag.tags.includes(tag)))
    .filter((flag) => !enabled || String(flag.isEnabled) === enabled)
    .toSorted(
      call.query.get("sortBy") === "key"
        ? (a, b) => (a.key < b.key ? -1 : 1)
        : (a, b) => microsOf(b.createdAt) - microsOf(a.createdAt),
    );
  const items = flags.slice(index * size, (index + 1) * size).map((flag) => toListItem(call, flag));
  return ok({ totalCount: flags.length, items });
}

function toListItem(call: Call, flag: Flag) {
  const served = [flag.fallthrough, ...flag.rules].flatMap(({ variations }) =>
    variations.map(({ id }) => id),
  );
  const off = flag.variations.find(({ id }) => id === flag.disabledVariationId);
  // An off-variation that is not there makes the whole page fail.
  if (!off) throw serverError();
  const person = (id: string) => {
    const user = call.world.users.find((candidate) => candidate.id === id);
    return user && { id: user.id, name: user.name, email: user.email };
  };
  const last = call.world.audits
    .filter((entry) => entry.refId === flag.id && entry.operation !== "Create")
    .reduce<AuditEntry | undefined>((newest, entry) => (isNewer(entry, newest) ? entry : newest), undefined);
  const ghost = { id: "00000000-0000-0000-0000-000000000000", name: "Ghost", email: "Ghost" };
  return {
    id: flag.id,
    name: flag.name,
    description: flag.description,
    key: flag.key,
    isEnabled: flag.isEnabled,
    variationType: flag.variationType,
    variations: flag.variations,
    createdAt: flag.createdAt,
    updatedAt: flag.updatedAt,
    creator: person(flag.creatorId) ?? null,
    serves: {
      enabledVariations: flag.variations.filter(({ id }) => served.includes(id)).map(({ value }) => value),
      disabledVariation: off.value,
    },
    tags: flag.tags,
    lastChange: last
      ? { operator: person(last.creatorId) ?? ghost, happenedAt: last.createdAt, comment: last.comment }
      : null,
  };
}

const isNewer = (entry: AuditEntry, other: AuditEntry | undefined): boolean =>
  other === undefined || microsOf(entry.createdAt) >= microsOf(other.createdAt);

export const allTags = (call: Call) =>
  ok([
    ...new Set(
      call.world.flags
        .filter((flag) => flag.envId === call.param("envId") && !flag.isArchived)
        .flatMap((flag) => flag.tags),
    ),
  ]);

/** JSON Patch: no revision, no comment and no permission check at all. */
export async function patch(call: Call) {
  const before = readFlag(call);
  let patched: Flag;
  try {
    patched = applyPatch(structuredClone(before), call.rawBody);
  } catch (error) {
    if (error instanceof PatchRefused) return okButFailed(error.message, false);
    throw serverError();
  }
  await writeFlag(call, before, "Patch", (draft) => Object.assign(draft, patched));
  return ok(true);
}

export async function remove(call: Call) {
  const flag = readFlag(call);
  if (!flag.isArchived) throw new Failure(422, "CannotDeleteUnarchivedFeatureFlag");
  await removeFlag(call, flag);
  return ok(true);
}

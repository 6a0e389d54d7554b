import type { Call } from "./call.ts";
import { forbidden, ok, problem, serverError } from "./envelope.ts";
import { Stop } from "./call.ts";
import { checkRevision, readFlag, writeFlag } from "./flag-write.ts";
import { isBlank, nameCodes, refuse, variationCodes } from "./flags.ts";
import { flagResource, isAllowed } from "./iam.ts";
import { compareTargeting } from "./instructions.ts";
import type { Instruction, Targeting, Variation } from "./world.ts";

/** Idempotent: the state it already has costs no revision and leaves no trace. */
export async function toggle(call: Call) {
  const wanted = call.param("status").toLowerCase();
  const before = readFlag(call);
  if (String(before.isEnabled) === wanted) return ok(before.revision);
  const after = await writeFlag(call, before, "Toggle", (draft) => {
    draft.isEnabled = wanted === "true";
  });
  return ok(after.revision);
}

export function checkToggleStatus(call: Call): void {
  const status = call.param("status");
  if (/^(true|false)$/i.test(status)) return;
  throw new Stop(problem(400, call.server, { status: [`The value '${status}' is not valid.`] }));
}

/** Order of checks: exists (404), revision (409), permission by difference (403). Nothing else is validated. */
export async function targeting(call: Call) {
  const body = call.bodyAs<{ revision?: string; targeting?: Partial<Targeting> | null }>();
  const before = readFlag(call);
  checkRevision(before, body.revision);
  const { targetUsers, rules, fallthrough, exptIncludeAllTargets = true } = body.targeting ?? {};
  if (!targetUsers || !rules || !fallthrough?.variations) throw serverError();
  const next = normalise({ targetUsers, rules, fallthrough, exptIncludeAllTargets });
  let instructions: Instruction[];
  try {
    instructions = compareTargeting(before, next);
  } catch {
    throw serverError();
  }
  const resource = flagResource(call.world, before);
  const actions = new Set(instructions.map(({ kind }) => actionFor(kind)));
  for (const action of actions) {
    if (!isAllowed(call.actor.permissions, action, resource)) throw forbidden();
  }
  const after = await writeFlag(call, before, "Targeting", (draft) => Object.assign(draft, next));
  return ok(after.revision);
}

function actionFor(instruction: string): string {
  if (instruction.startsWith("UpdateDefaultRule")) return "UpdateFlagDefaultRule";
  return instruction.endsWith("TargetUsers") ? "UpdateFlagIndividualTargeting" : "UpdateFlagTargetingRules";
}

/** Members that the body left out take the defaults of the real types. */
const normalise = (targeting: Targeting): Targeting => ({
  targetUsers: targeting.targetUsers.map(({ keyIds, variationId }) => ({
    keyIds: keyIds ?? [],
    variationId,
  })),
  rules: targeting.rules.map((rule) => ({
    id: rule.id,
    name: rule.name,
    dispatchKey: rule.dispatchKey ?? null,
    includedInExpt: rule.includedInExpt ?? false,
    conditions: rule.conditions ?? null,
    variations: rule.variations,
  })),
  fallthrough: {
    dispatchKey: targeting.fallthrough.dispatchKey ?? null,
    includedInExpt: targeting.fallthrough.includedInExpt ?? false,
    variations: targeting.fallthrough.variations,
  },
  exptIncludeAllTargets: targeting.exptIncludeAllTargets ?? true,
});

export async function offVariation(call: Call) {
  const body = call.bodyAs<{ revision?: string; offVariationId?: string }>();
  refuse(isBlank(body.offVariationId) ? ["offVariationId_is_required"] : []);
  const before = readFlag(call);
  checkRevision(before, body.revision);
  const after = await writeFlag(call, before, "OffVariation", (draft) => {
    draft.disabledVariationId = body.offVariationId ?? "";
  });
  return ok(after.revision);
}

export async function variations(call: Call) {
  const body = call.bodyAs<{ revision?: string; variations?: Variation[] }>();
  refuse(variationCodes(body.variations));
  const before = readFlag(call);
  checkRevision(before, body.revision);
  const after = await writeFlag(call, before, "Variations", (draft) => {
    draft.variations = (body.variations ?? []).map(({ id, name, value }) => ({
      id,
      name,
      value: value ?? null,
    }));
  });
  return ok(after.revision);
}

export async function rename(call: Call) {
  const { name } = call.bodyAs<{ name?: string }>();
  refuse(nameCodes(name));
  const before = readFlag(call);
  if (before.name === name) return ok(before.revision);
  const after = await writeFlag(call, before, "Name", (draft) => {
    draft.name = name ?? "";
  });
  return ok(after.revision);
}

export async function describe(call: Call) {
  const description = call.bodyAs<{ description?: string | null }>().description ?? null;
  const before = readFlag(call);
  if (before.description === description) return ok(before.revision);
  const after = await writeFlag(call, before, "Description", (draft) => {
    draft.description = description;
  });
  return ok(after.revision);
}

export async function retag(call: Call) {
  const tags = call.bodyAs<{ tags?: string[] | null }>().tags ?? [];
  await writeFlag(call, readFlag(call), "Tags", (draft) => {
    draft.tags = tags;
  });
  return ok(true);
}

export const archive = (call: Call) => setArchived(call, true);
export const restore = (call: Call) => setArchived(call, false);

async function setArchived(call: Call, isArchived: boolean) {
  const before = readFlag(call);
  if (before.isArchived !== isArchived) {
    await writeFlag(call, before, isArchived ? "Archive" : "Restore", (draft) => {
      draft.isArchived = isArchived;
    });
  }
  return ok(true);
}

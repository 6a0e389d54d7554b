import { parseList } from "./evaluation.ts";
import type {
  Condition,
  Flag,
  Instruction,
  RolloutVariation,
  Rule,
  Segment,
  SegmentRule,
  Targeting,
} from "./world.ts";

// What FeatBit derives from two versions of a flag: audit instructions, webhook events and targeting permissions all
// come from here, so what this misses (rule order, experiment switches, ids swapped at equal shares) is missed by all.

const TOLERANCE = 1e-5;

export function compareFlags(before: Flag, after: Flag): Instruction[] {
  const list: Instruction[] = [];
  const add = (kind: string, value: unknown = "") => list.push({ kind, value });
  if (before.isArchived !== after.isArchived) add(after.isArchived ? "ArchiveFlag" : "RestoreFlag");
  if (before.isEnabled !== after.isEnabled) add(after.isEnabled ? "TurnFlagOn" : "TurnFlagOff");
  if (before.name !== after.name) add("UpdateName", after.name);
  if (before.description !== after.description) add("UpdateDescription", after.description);
  list.push(...compareTags(before.tags, after.tags));
  if (before.variationType !== after.variationType) add("UpdateVariationType", after.variationType);
  for (const variation of before.variations) {
    if (!after.variations.some(({ id }) => id === variation.id)) add("RemoveVariation", variation.id);
  }
  for (const variation of after.variations) {
    if (!before.variations.some(({ id }) => id === variation.id)) add("AddVariation", variation);
  }
  for (const variation of after.variations) {
    const old = before.variations.find(({ id }) => id === variation.id);
    if (old && (old.name !== variation.name || old.value !== variation.value))
      add("UpdateVariation", variation);
  }
  if (before.disabledVariationId !== after.disabledVariationId) {
    add("UpdateDisabledVariation", after.disabledVariationId);
  }
  return [...list, ...compareTargeting(before, after)];
}

/** Throws on null members, as the server does (HTTP 500). */
export function compareTargeting(before: Targeting, after: Targeting): Instruction[] {
  return [
    ...compareDefaultRule(before, after),
    ...compareUsers(before, after),
    ...compareRules(before.rules, after.rules),
  ];
}

function compareDefaultRule(before: Targeting, after: Targeting): Instruction[] {
  const list: Instruction[] = [];
  if (!sameRollouts(before.fallthrough.variations, after.fallthrough.variations)) {
    const value = { rolloutVariations: after.fallthrough.variations };
    list.push({ kind: "UpdateDefaultRuleVariationOrRollouts", value });
  }
  if (before.fallthrough.dispatchKey !== after.fallthrough.dispatchKey) {
    list.push({ kind: "UpdateDefaultRuleDispatchKey", value: after.fallthrough.dispatchKey });
  }
  return list;
}

/** Equal if every variation keeps its share; where on the circle it lies is not looked at. */
function sameRollouts(before: RolloutVariation[], after: RolloutVariation[]): boolean {
  if (before.length !== after.length) return false;
  return after.every((entry) => {
    const old = before.find(({ id }) => id === entry.id);
    return old !== undefined && Math.abs(share(old) - share(entry)) < TOLERANCE;
  });
}

const share = ({ rollout }: RolloutVariation): number => (rollout[1] ?? 0) - (rollout[0] ?? 0);

function compareUsers(before: Targeting, after: Targeting): Instruction[] {
  const list: Instruction[] = [];
  const ids = [...after.targetUsers, ...before.targetUsers].map(({ variationId }) => variationId);
  for (const variationId of new Set(ids)) {
    const old = before.targetUsers.find((entry) => entry.variationId === variationId)?.keyIds ?? [];
    const now = after.targetUsers.find((entry) => entry.variationId === variationId)?.keyIds ?? [];
    const added = without(now, old);
    const removed = without(old, now);
    if (added.length + removed.length === 0) continue;
    if (old.length === 0 || now.length === 0) {
      list.push({ kind: "SetTargetUsers", value: { keyIds: now, variationId } });
      continue;
    }
    if (added.length > 0) list.push({ kind: "AddTargetUsers", value: { keyIds: added, variationId } });
    if (removed.length > 0) list.push({ kind: "RemoveTargetUsers", value: { keyIds: removed, variationId } });
  }
  return list;
}

type AnyRule = Rule | SegmentRule;

function compareRules(before: readonly AnyRule[], after: readonly AnyRule[]): Instruction[] {
  if (before.length === 0 && after.length === 0) return [];
  if (before.length === 0 || after.length === 0) return [{ kind: "SetRules", value: after }];
  const list: Instruction[] = [];
  for (const rule of before) {
    if (!after.some(({ id }) => id === rule.id)) list.push({ kind: "RemoveRule", value: rule.id });
  }
  for (const rule of after) {
    const old = before.find(({ id }) => id === rule.id);
    list.push(...(old ? compareRule(old, rule) : [{ kind: "AddRule", value: rule }]));
  }
  return list;
}

function compareRule(before: AnyRule, after: AnyRule): Instruction[] {
  const ruleId = after.id;
  const list: Instruction[] = [];
  if (before.name !== after.name) list.push({ kind: "UpdateRuleName", value: { name: after.name, ruleId } });
  list.push(...compareConditions(required(before.conditions), required(after.conditions), ruleId));
  if (!("variations" in before) || !("variations" in after)) return list;
  if (!sameRollouts(before.variations, after.variations)) {
    list.push({
      kind: "UpdateRuleVariationOrRollouts",
      value: { rolloutVariations: after.variations, ruleId },
    });
  }
  if (before.dispatchKey !== after.dispatchKey) {
    list.push({ kind: "UpdateRuleDispatchKey", value: { dispatchKey: after.dispatchKey, ruleId } });
  }
  return list;
}

function compareConditions(before: Condition[], after: Condition[], ruleId: string): Instruction[] {
  const list: Instruction[] = [];
  const gone = before.filter(({ id }) => !after.some((condition) => condition.id === id)).map(({ id }) => id);
  const added = after.filter(({ id }) => !before.some((condition) => condition.id === id));
  if (gone.length > 0) list.push({ kind: "RemoveRuleConditions", value: { conditionIds: gone, ruleId } });
  if (added.length > 0) list.push({ kind: "AddRuleConditions", value: { conditions: added, ruleId } });
  for (const condition of after) {
    const old = before.find(({ id }) => id === condition.id);
    if (old) list.push(...compareCondition(old, condition, ruleId));
  }
  return list;
}

function compareCondition(before: Condition, after: Condition, ruleId: string): Instruction[] {
  const sameTest = before.property === after.property && before.op === after.op;
  if (sameTest && before.value === after.value) return [];
  if (!sameTest || !(after.op === "IsOneOf" || after.op === "NotOneOf")) {
    return [{ kind: "UpdateRuleCondition", value: { condition: after, ruleId } }];
  }
  const old = parseList(before.value);
  const now = parseList(after.value);
  const change = (kind: string, values: string[]): Instruction[] =>
    values.length > 0 ? [{ kind, value: { conditionId: after.id, values, ruleId } }] : [];
  return [
    ...change("RemoveValuesFromRuleCondition", without(old, now)),
    ...change("AddValuesToRuleCondition", without(now, old)),
  ];
}

export function compareSegments(before: Segment, after: Segment): Instruction[] {
  const list: Instruction[] = [];
  const add = (kind: string, value: unknown = "") => list.push({ kind, value });
  if (before.isArchived !== after.isArchived) add(after.isArchived ? "Archive" : "Restore");
  if (before.name !== after.name) add("UpdateName", after.name);
  if (before.description !== after.description) add("UpdateDescription", after.description);
  list.push(...compareTags(before.tags, after.tags));
  for (const side of ["included", "excluded"] as const) {
    const name = side === "included" ? "Included" : "Excluded";
    const added = without(after[side], before[side]);
    const removed = without(before[side], after[side]);
    if (added.length > 0) add(`AddTargetUsersTo${name}`, added);
    if (removed.length > 0) add(`RemoveTargetUsersFrom${name}`, removed);
  }
  return [...list, ...compareRules(before.rules, after.rules)];
}

function compareTags(before: string[], after: string[]): Instruction[] {
  const removed = without(before, after);
  const added = without(after, before);
  return [
    ...(removed.length > 0 ? [{ kind: "RemoveTags", value: removed }] : []),
    ...(added.length > 0 ? [{ kind: "AddTags", value: added }] : []),
  ];
}

const without = (list: readonly string[], other: readonly string[]): string[] =>
  list.filter((item) => !other.includes(item));

function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new TypeError("Value cannot be null. (Parameter 'source')");
  return value;
}

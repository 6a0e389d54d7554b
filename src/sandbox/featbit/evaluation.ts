import { createHash } from "node:crypto";
import type { Condition, Flag, RolloutVariation, Segment } from "./world.ts";

export type EndUser = {
  keyId: string;
  name?: string;
  customizedProperties?: { name: string; value: string }[];
};

export type Outcome = {
  id: string | null;
  value: string | null;
  matchReason: string;
  sendToExperiment: boolean;
};

/** As the evaluation server decides. Throws on an unknown segment or null conditions (HTTP 500). */
export function evaluate(flag: Flag, user: EndUser, segments: readonly Segment[]): Outcome {
  if (flag.isArchived)
    return { id: null, value: null, matchReason: "flag archived", sendToExperiment: false };
  if (!flag.isEnabled)
    return { ...pick(flag, flag.disabledVariationId), matchReason: "flag disabled", sendToExperiment: false };
  const target = flag.targetUsers.find(({ keyIds }) => keyIds.includes(user.keyId));
  if (target) {
    return {
      ...pick(flag, target.variationId),
      matchReason: "targeted",
      sendToExperiment: flag.exptIncludeAllTargets,
    };
  }
  for (const rule of flag.rules) {
    if (!rule.conditions) throw new TypeError(`rule ${rule.id} has no conditions`);
    if (rule.conditions.every((condition) => conditionHolds(condition, user, segments))) {
      return rolledOut(flag, user, rule, rule.name);
    }
  }
  return rolledOut(flag, user, flag.fallthrough, "default");
}

type Rollout = { dispatchKey: string | null; includedInExpt: boolean; variations: RolloutVariation[] };

function rolledOut(flag: Flag, user: EndUser, rollout: Rollout, matchReason: string): Outcome {
  const { dispatchKey } = rollout;
  const by = !dispatchKey?.trim() || dispatchKey === "keyId" ? user.keyId : attribute(user, dispatchKey);
  const bucket = bucketOf(flag.key + by);
  const entry = rollout.variations.find(({ rollout: range }) => holds(range, bucket));
  const sendToExperiment = flag.exptIncludeAllTargets || rollout.includedInExpt;
  return { ...(entry ? pick(flag, entry.id) : { id: "", value: "" }), matchReason, sendToExperiment };
}

/** A variation that does not exist answers null for both. */
function pick(flag: Flag, id: string): { id: string | null; value: string | null } {
  const variation = flag.variations.find((candidate) => candidate.id === id);
  return variation ? { id: variation.id, value: variation.value } : { id: null, value: null };
}

function holds([min = 0, max = 0]: number[], bucket: number): boolean {
  if (min === 0 && 1 - max < 1e-5) return true;
  if (min === 0 && max === 0) return false;
  return min <= bucket && bucket <= max;
}

/** Where a user falls on [0, 1]: the first four bytes of an MD5, read as a signed little-endian integer. */
export function bucketOf(text: string): number {
  const digest = createHash("md5").update(text, "utf8").digest();
  return Math.abs(digest.readInt32LE(0) / -2_147_483_648);
}

function attribute(user: EndUser, name: string): string {
  if (name === "keyId") return user.keyId;
  if (name === "name") return user.name ?? "";
  return user.customizedProperties?.find((property) => property.name === name)?.value ?? "";
}

function conditionHolds(condition: Condition, user: EndUser, segments: readonly Segment[]): boolean {
  if (condition.property === "User is in segment") return inAnySegment(condition, user, segments);
  if (condition.property === "User is not in segment") return !inAnySegment(condition, user, segments);
  const operator = OPERATORS[condition.op];
  return operator ? operator(attribute(user, condition.property), condition.value) : false;
}

function inAnySegment(condition: Condition, user: EndUser, segments: readonly Segment[]): boolean {
  return parseList(condition.value).some((id) => {
    const segment = segments.find((candidate) => candidate.id === id);
    if (!segment) throw new TypeError(`segment ${id} does not exist`);
    if (segment.excluded.includes(user.keyId)) return false;
    if (segment.included.includes(user.keyId)) return true;
    return segment.rules.some(({ conditions }) =>
      conditions.every((inner) => conditionHolds(inner, user, segments)),
    );
  });
}

const number = (text: string): number =>
  /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;
const listed = (value: string, list: string): boolean => parseList(list).includes(value);

export function parseList(text: string): string[] {
  const list: string[] = JSON.parse(text);
  return list;
}

const OPERATORS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  LessThan: (value, wanted) => number(value) < number(wanted),
  LessEqualThan: (value, wanted) => number(value) <= number(wanted),
  BiggerThan: (value, wanted) => number(value) > number(wanted),
  BiggerEqualThan: (value, wanted) => number(value) >= number(wanted),
  Equal: (value, wanted) => value === wanted,
  NotEqual: (value, wanted) => value !== wanted,
  Contains: (value, wanted) => value.includes(wanted),
  NotContain: (value, wanted) => !value.includes(wanted),
  StartsWith: (value, wanted) => value.startsWith(wanted),
  EndsWith: (value, wanted) => value.endsWith(wanted),
  MatchRegex: (value, wanted) => new RegExp(wanted).test(value),
  NotMatchRegex: (value, wanted) => !new RegExp(wanted).test(value),
  IsOneOf: (value, wanted) => listed(value, wanted),
  NotOneOf: (value, wanted) => !listed(value, wanted),
  IsTrue: (value) => value.toLowerCase() === "true",
  IsFalse: (value) => value.toLowerCase() === "false",
};

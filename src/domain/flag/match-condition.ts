import { type Condition, IN_SEGMENT, listOf, NOT_IN_SEGMENT, type Segment } from "./flag.ts";

/** `name` and `attributes` are compared as text; an attribute the user lacks counts as "". */
export type FlagUser = { key: string; name?: string; attributes?: Readonly<Record<string, string>> };

export const OPERATOR_WORDS: ReadonlyMap<string, string> = new Map([
  ["LessThan", "is less than"],
  ["LessEqualThan", "is at most"],
  ["BiggerThan", "is greater than"],
  ["BiggerEqualThan", "is at least"],
  ["Equal", "is"],
  ["NotEqual", "is not"],
  ["Contains", "contains"],
  ["NotContain", "does not contain"],
  ["StartsWith", "starts with"],
  ["EndsWith", "ends with"],
  ["MatchRegex", "matches"],
  ["NotMatchRegex", "does not match"],
  ["IsOneOf", "is one of"],
  ["NotOneOf", "is none of"],
  ["IsTrue", "is true"],
  ["IsFalse", "is false"],
]);

export function attributeOf(user: FlagUser, property: string): string {
  if (property === "keyId") return user.key;
  if (property === "name") return user.name ?? "";
  const attributes = user.attributes ?? {};
  return Object.hasOwn(attributes, property) ? (attributes[property] ?? "") : "";
}

/** Thrown for a segment condition that no segment can be found for; FeatBit answers 500 there. */
export class UnknownSegment extends Error {}

/** FeatBit 5.4 server semantics (the Node SDK differs for regular expressions and lacking attributes). */
export function matchesConditions(
  conditions: readonly Condition[],
  user: FlagUser,
  segments: readonly Segment[],
): boolean {
  return conditions.every((condition) => {
    if (condition.property === IN_SEGMENT) return inAnySegment(condition, user, segments);
    if (condition.property === NOT_IN_SEGMENT) return !inAnySegment(condition, user, segments);
    return matchesOperator(condition.op, attributeOf(user, condition.property), condition.value);
  });
}

function inAnySegment(condition: Condition, user: FlagUser, segments: readonly Segment[]): boolean {
  const ids = listOf(condition.value);
  if (ids === null) throw new UnknownSegment(`Segment condition ${condition.id} holds no list of ids`);
  const named = ids.map((id) => {
    const segment = segments.find((candidate) => candidate.id === id);
    if (segment === undefined) throw new UnknownSegment(`Segment ${id} was not given`);
    return segment;
  });
  return named.some((segment) => inSegment(segment, user));
}

export function inSegment(segment: Segment, user: FlagUser): boolean {
  if (segment.excluded.includes(user.key)) return false;
  if (segment.included.includes(user.key)) return true;
  return segment.rules.some((rule) => matchesConditions(rule.conditions, user, []));
}

/** An unknown operator, a number that is none and a list that is none match nobody (recorded). */
function matchesOperator(op: string, actual: string, wanted: string): boolean {
  switch (op) {
    case "LessThan":
      return toNumber(actual) < toNumber(wanted);
    case "LessEqualThan":
      return toNumber(actual) <= toNumber(wanted);
    case "BiggerThan":
      return toNumber(actual) > toNumber(wanted);
    case "BiggerEqualThan":
      return toNumber(actual) >= toNumber(wanted);
    case "Equal":
      return actual === wanted;
    case "NotEqual":
      return actual !== wanted;
    case "Contains":
      return actual.includes(wanted);
    case "NotContain":
      return !actual.includes(wanted);
    case "StartsWith":
      return actual.startsWith(wanted);
    case "EndsWith":
      return actual.endsWith(wanted);
    case "MatchRegex":
      return matchesPattern(wanted, actual) === true;
    case "NotMatchRegex":
      return matchesPattern(wanted, actual) === false;
    case "IsOneOf":
      return listOf(wanted)?.includes(actual) ?? false;
    case "NotOneOf": {
      const list = listOf(wanted);
      return list !== null && !list.includes(actual);
    }
    case "IsTrue":
      return actual.toUpperCase() === "TRUE";
    case "IsFalse":
      return actual.toUpperCase() === "FALSE";
    default:
      return false;
  }
}

/** NaN where the text is not wholly a decimal number, so that every comparison with it is false. */
function toNumber(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}

/** Null where the pattern is not one that this engine knows. */
function matchesPattern(pattern: string, text: string): boolean | null {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return null;
  }
}

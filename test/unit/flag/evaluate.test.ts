import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bucketOf, evaluate, inSlice } from "../../../src/domain/flag/evaluate.ts";
import { type Condition, Flag, IN_SEGMENT, type Rule, Segment } from "../../../src/domain/flag/flag.ts";
import type { FlagUser } from "../../../src/domain/flag/match-condition.ts";
import recordedAnswers from "../../fixtures/featbit/evaluate.json" with { type: "json" };

const Recorded = z.object({
  flag: z.looseObject({ id: z.string() }),
  segments: z.array(z.looseObject({ id: z.string() })),
  loadUsersOn: z.number(),
  entries: z.array(
    z.object({
      id: z.string(),
      about: z.string(),
      user: z.object({
        keyId: z.string(),
        customizedProperties: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
      }),
      variation: z.object({ id: z.string().nullable(), matchReason: z.string() }),
      expectedBucket: z.number().optional(),
    }),
  ),
});
const recorded = Recorded.parse(recordedAnswers);

const { envId: _env, ...polledFlag } = recorded.flag;
const base = Flag.parse({ ...polledFlag, revision: "r", createdAt: "2026-11-21T05:00:00Z" });
const segments = recorded.segments.map(({ envId: _envId, description: _text, ...segment }) =>
  Segment.parse({ ...segment, key: "dev-seg-2" }),
);
const [on = "", off = ""] = base.variations.map(({ id }) => id);

const split = (share: number): Flag["fallthrough"]["variations"] => [
  { id: on, rollout: [0, share], exptRollout: 1 },
  { id: off, rollout: [share, 1], exptRollout: 1 },
];
const spread = (change: Partial<Flag["fallthrough"]>): Partial<Flag> => ({
  fallthrough: { ...base.fallthrough, ...change },
});
const ruleOn = (name: string, condition: Omit<Condition, "id"> | null): Rule => ({
  id: name,
  name,
  dispatchKey: null,
  includedInExpt: false,
  conditions: condition === null ? [] : [{ id: `${name}-c`, ...condition }],
  variations: [{ id: on, rollout: [0, 1], exptRollout: 1 }],
});

const rules = [
  ruleOn("EU beta", { property: "country", op: "IsOneOf", value: '["FR","DE"]' }),
  ruleOn("VIP seg", { property: IN_SEGMENT, op: "", value: JSON.stringify(segments.map(({ id }) => id)) }),
  ruleOn("adult", { property: "age", op: "BiggerEqualThan", value: "18" }),
];
const targeted: Partial<Flag> = {
  ...spread({ variations: split(0) }),
  targetUsers: [
    { keyIds: ["qa-1"], variationId: on },
    { keyIds: ["qa-2"], variationId: off },
  ],
  rules,
};

/** The state the flag was in when an entry was recorded, as its `about` says. */
function stateFor(id: string): Partial<Flag> {
  const share = /^rollout-(0\.\d+)-/.exec(id)?.[1];
  if (share !== undefined) return spread({ variations: split(Number(share)) });
  if (id === "dispatch-null") return spread({ dispatchKey: null });
  if (id.startsWith("dispatch-attr")) return spread({ dispatchKey: "country" });
  if (id === "disabled") return { ...targeted, isEnabled: false };
  if (id === "archived") return { ...targeted, isArchived: true };
  if (id === "no-variations") return spread({ variations: [] });
  if (id === "ghost-variation")
    return spread({ variations: [{ id: "ghost", rollout: [0, 1], exptRollout: 1 }] });
  if (id === "sum-below-1") return spread({ variations: [{ id: on, rollout: [0, 0.5], exptRollout: 1 }] });
  if (id === "rule-no-conditions") return { rules: [ruleOn("nocond", null)] };
  if (id === "rule-bad-op") {
    return {
      ...spread({ variations: split(0) }),
      rules: [ruleOn("bad", { property: "country", op: "Nope", value: "FR" })],
    };
  }
  return id.startsWith("rollout-") ? {} : targeted;
}

function toUser({ keyId, customizedProperties = [] }: (typeof recorded.entries)[number]["user"]): FlagUser {
  return {
    key: keyId,
    attributes: Object.fromEntries(customizedProperties.map(({ name, value }) => [name, value])),
  };
}

const REASONS: Record<string, string> = {
  "flag archived": "archived",
  "flag disabled": "off",
  targeted: "target",
  default: "default",
};

describe("as a running FeatBit answered", () => {
  test.each(recorded.entries)("$id: $about", ({ id, user, variation }) => {
    const flag = { ...base, ...stateFor(id) };
    const result = evaluate(flag, segments, toUser(user));
    const served = variation.id !== null && variation.id !== "" ? variation.id : null;
    expect(result.variationId).toBe(served);
    if (served === null)
      expect(result.reason).toBe(variation.matchReason === "flag archived" ? "archived" : "malformed");
    else expect(result.reason).toBe(REASONS[variation.matchReason] ?? "rule");
    if (result.reason === "rule") expect(result.ruleId).toBe(variation.matchReason);
  });

  test("300 load users at 25 %", () => {
    const users = Array.from({ length: 300 }, (_, i) => ({ key: `load-${i}` }));
    expect(users.filter((user) => evaluate(base, [], user).variationId === on)).toHaveLength(
      recorded.loadUsersOn,
    );
  });
});

test.each([
  ["test-value", 0.14653629204258323],
  ["qKPKh1S3FolC", 0.9105919692665339],
  ["3eacb184-2d79-49df-9ea7-edd4f10e4c6f", 0.08994403155520558],
  ["new-checkoutüser", 0.01273135980591178],
  ...recorded.entries.flatMap(({ id, user, expectedBucket }) =>
    id.startsWith("rollout-") && expectedBucket !== undefined
      ? [[`new-checkout${user.keyId}`, expectedBucket] as const]
      : [],
  ),
  ["new-checkoutFR", 0.662156080827117],
  ["new-checkout", 0.8381256042048335],
] as const)("bucket of %s", (text, bucket) => {
  expect(bucketOf(text)).toBe(bucket);
});

test.each<[op: string, actual: string, value: string, matches: boolean]>([
  ["LessThan", "17", "18", true],
  ["LessThan", "18", "18", false],
  ["LessEqualThan", "18", "18", true],
  ["BiggerThan", "18.5", "18", true],
  ["BiggerThan", "1e3", "18", true],
  ["BiggerEqualThan", "18abc", "18", false],
  ["BiggerEqualThan", "", "0", false],
  ["Equal", "a", "A", false],
  ["NotEqual", "", "a", true],
  ["Contains", "xay", "a", true],
  ["NotContain", "xay", "a", false],
  ["StartsWith", "ab", "a", true],
  ["EndsWith", "ab", "a", false],
  ["MatchRegex", "bob", "^bo.*", true],
  ["NotMatchRegex", "bob", "^bo.*", false],
  ["MatchRegex", "bob", "(", false],
  ["NotMatchRegex", "bob", "(", false],
  ["IsOneOf", "a", '["a","b"]', true],
  ["IsOneOf", "a", "a", false],
  ["NotOneOf", "c", '["a","b"]', true],
  ["NotOneOf", "c", "not a list", false],
  ["IsTrue", "TrUe", "ignored", true],
  ["IsFalse", "true", "ignored", false],
  ["Nope", "a", "a", false],
])("operator %s of %j and %j is %s", (op, actual, value, matches) => {
  const flag = {
    ...base,
    ...spread({ variations: split(0) }),
    rules: [ruleOn("r", { property: "p", op, value })],
  };
  const { variationId } = evaluate(flag, [], { key: "u", attributes: { p: actual } });
  expect(variationId === on).toBe(matches);
});

test("a lacking attribute counts as empty text, inherited properties included", () => {
  const flag = { ...base, rules: [ruleOn("r", { property: "constructor", op: "Equal", value: "" })] };
  expect(evaluate(flag, [], { key: "u", attributes: {} }).reason).toBe("rule");
});

test("a segment that was not given makes the flag malformed, as FeatBit fails there", () => {
  expect(evaluate({ ...base, rules }, [], { key: "u1" })).toEqual({ variationId: null, reason: "malformed" });
});

test.each<[start: number, end: number, bucket: number, inside: boolean]>([
  [0.2, 0.5, 0.2, true],
  [0.2, 0.5, 0.5, true],
  [0.2, 0.5, 0.500001, false],
  [0, 0, 0, false],
  [0, 0.999995, 1, true],
  [0.1, 0.999995, 1, false],
])("slice %d..%d holds bucket %d: %s", (start, end, bucket, inside) => {
  expect(inSlice({ id: on, rollout: [start, end], exptRollout: 1 }, bucket)).toBe(inside);
});

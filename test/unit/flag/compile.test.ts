import { describe, expect, test } from "vitest";
import { digestOf } from "../../../src/domain/flag/digest.ts";
import { describeFlag } from "../../../src/domain/flag/describe-flag.ts";
import { diffFlags } from "../../../src/domain/flag/diff-flags.ts";
import { maxShareMoved } from "../../../src/domain/flag/exposure.ts";
import { type Flag, type FlagSnapshot, IN_SEGMENT, type Segment } from "../../../src/domain/flag/flag.ts";
import type { Operation } from "../../../src/domain/flag/operation.ts";
import { compile, type Plan } from "../../../src/domain/flag/plan.ts";

const REF = { project: "shop", environment: "prod", environmentId: "e-1", key: "support_answer_profile" };

const internal: Segment = {
  id: "seg-internal",
  name: "Internal",
  key: "internal",
  included: ["alice"],
  excluded: [],
  rules: [],
  updatedAt: "2026-06-17T06:52:44Z",
  isArchived: false,
};

const profile: Flag = {
  id: "f-1",
  revision: "rev-1",
  key: REF.key,
  name: "Support answer profile",
  description: "",
  tags: ["support"],
  createdAt: "2026-06-01T00:00:00Z",
  updatedAt: "2026-06-17T06:52:44Z",
  isArchived: false,
  isEnabled: true,
  variationType: "string",
  variations: [
    { id: "v-new", name: "reranker_v2", value: "reranker_v2" },
    { id: "v-base", name: "baseline", value: "baseline" },
    { id: "v-third", name: "third", value: "third" },
  ],
  targetUsers: [{ keyIds: ["qa-1"], variationId: "v-new" }],
  rules: [
    {
      id: "r-eu",
      name: "EU beta",
      dispatchKey: null,
      includedInExpt: false,
      conditions: [{ id: "c-eu", property: "country", op: "IsOneOf", value: '["FR","DE"]' }],
      variations: [{ id: "v-base", rollout: [0, 1], exptRollout: 1 }],
    },
  ],
  fallthrough: {
    dispatchKey: "keyId",
    includedInExpt: true,
    variations: [
      { id: "v-new", rollout: [0, 0.1], exptRollout: 1 },
      { id: "v-base", rollout: [0.1, 1], exptRollout: 1 },
    ],
  },
  exptIncludeAllTargets: true,
  disabledVariationId: "v-base",
};

const snapshotOf = (change: Partial<Flag> = {}): FlagSnapshot => ({
  ref: REF,
  flag: { ...profile, ...change },
  segments: [],
});

function planFor(operation: Operation, change: Partial<Flag> = {}): Plan {
  const made = compile(operation, snapshotOf(change), [internal]);
  if (made.kind === "refused") throw new Error(`${made.code}: ${made.reason}`);
  return made.plan;
}

const LIMIT = {
  tool: "flag.limit_to_segment",
  segmentId: internal.id,
  segmentName: "Internal",
  variationId: "v-new",
  otherwiseVariationId: "v-base",
} as const;

describe("plans in words", () => {
  test("limit to a segment: internal users keep it, everyone else loses it", () => {
    const plan = planFor(LIMIT);
    expect(plan.diff).toEqual([
      "Default rule: reranker_v2 10% → 0%, baseline 90% → 100%",
      'Rule "Limited to Internal" (new, first; in segment Internal): reranker_v2 100%',
      'Rule "EU beta" unchanged',
      "Individual targets unchanged: reranker_v2 1 user (qa-1)",
    ]);
    expect(plan.reverseDiff).toContain("Default rule: baseline 100% → 90%, reranker_v2 0% → 10%");
    expect(plan.after.rules[0]?.conditions[0]).toMatchObject({
      property: IN_SEGMENT,
      value: '["seg-internal"]',
    });
    expect(plan.after.rules[0]?.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(plan.before.segments).toEqual([internal]);
    expect(plan.exposure.segments).toEqual(["Internal"]);
    expect(plan.exposure.movedPercent).toBe(10);
    expect(plan.exposure.words[0]).toBe("About 10% of users not matched by a rule lose reranker_v2.");
    expect(plan.exposure.words).toContain("Individually targeted, unchanged: 1 user.");
  });

  test("turn off", () => {
    const plan = planFor({ tool: "flag.turn_off" });
    expect(plan.forward).toEqual({ call: "toggle", enabled: false });
    expect(plan.diff).toEqual(["Flag: on → off, everyone gets baseline"]);
    expect(plan.exposure.byVariation).toEqual([
      { variationId: "v-new", name: "reranker_v2", beforePercent: 10, afterPercent: 0 },
      { variationId: "v-base", name: "baseline", beforePercent: 90, afterPercent: 100 },
    ]);
    expect(maxShareMoved(plan)).toBe(10);
    expect(plan.exposure.targetsMoved).toBe(1);
  });

  test("archive: what it says of those who still ask, and back", () => {
    const only = snapshotOf({ isEnabled: false });
    const made = compile({ tool: "flag.archive" }, only);
    if (made.kind !== "plan") throw new Error(made.reason);
    const { plan } = made;
    expect(plan.forward).toEqual({ call: "archive", archived: true });
    expect(plan.reverse).toEqual({ call: "archive", archived: false });
    expect(plan.diff).toEqual([
      "Archived: no → yes, out of FeatBit's lists; its evaluation API serves nothing, server SDKs go on serving what the flag says",
    ]);
    expect(plan.reverseDiff).toEqual(["Archived: yes → no, back in the lists"]);
    expect(plan.exposure.words).toEqual([
      "Services that still ask through a server SDK of FeatBit go on getting baseline.",
      "Those that ask FeatBit's evaluation API get nothing and fall to the default in their code.",
    ]);
    expect(plan.exposure.byVariation).toEqual([
      { variationId: "v-base", name: "baseline", beforePercent: 100, afterPercent: 0 },
    ]);
    expect(maxShareMoved(plan)).toBe(100);
    expect(describeFlag(plan.after, [])[0]).toMatch(/^Archived: out of FeatBit's lists;/);

    const back = compile(
      { tool: "flag.archive", restores: plan.reverse, because: { kind: "reverse", changeId: "c-1" } },
      { ...only, flag: plan.after },
    );
    expect(back).toMatchObject({
      kind: "plan",
      plan: { after: { isArchived: false }, reverse: { call: "archive", archived: true } },
    });
    if (back.kind === "plan")
      expect(back.plan.exposure.words[0]).toBe(
        "Services that ask FeatBit's evaluation API get baseline again in place of the default in their code.",
      );
  });

  test("a larger rollout keeps who had it and the order of slices", () => {
    const shares = [
      { variationId: "v-base", percent: 74.875 },
      { variationId: "v-new", percent: 25.125 },
    ];
    const plan = planFor({ tool: "flag.set_rollout", rule: null, shares });
    expect(plan.after.fallthrough.variations.map(({ id, rollout }) => [id, ...rollout])).toEqual([
      ["v-new", 0, 0.25125],
      ["v-base", 0.25125, 1],
      ["v-third", 1, 1],
    ]);
    expect(plan.after.fallthrough.dispatchKey).toBe("keyId");
    expect(plan.exposure.movedPercent).toBe(15.125);
  });

  test("a variation new to the rule goes where the flag's own order puts it", () => {
    const shares = [
      { variationId: "v-new", percent: 20 },
      { variationId: "v-base", percent: 80 },
    ];
    const { after } = planFor({ tool: "flag.set_rollout", rule: "r-eu", shares });
    expect(after.rules[0]?.variations.map(({ id, rollout }) => [id, ...rollout])).toEqual([
      ["v-new", 0, 0.2],
      ["v-base", 0.2, 1],
      ["v-third", 1, 1],
    ]);
  });

  test("adding a target takes the user from the other variation", () => {
    const plan = planFor({ tool: "flag.add_targets", variationId: "v-base", userKeys: ["qa-1", "bob"] });
    expect(plan.after.targetUsers).toEqual([{ keyIds: ["qa-1", "bob"], variationId: "v-base" }]);
    expect(plan.diff).toContain(
      "Individual targets of baseline: +2 (qa-1, bob), 1 of them moved from another variation",
    );
    expect(plan.diff).toContain("Individual targets of reranker_v2: −1 (qa-1)");
  });

  test("removing targets counts who leaves and who stays", () => {
    const targetUsers = [{ keyIds: ["a", "b", "c"], variationId: "v-new" }];
    const plan = planFor(
      { tool: "flag.remove_targets", variationId: "v-new", userKeys: ["a", "b", "x"] },
      { targetUsers },
    );
    expect(plan.after.targetUsers).toEqual([{ keyIds: ["c"], variationId: "v-new" }]);
    expect(plan.exposure).toMatchObject({ targets: 1, targetsMoved: 2, movedPercent: 0, maxMovedPercent: 0 });
    expect(plan.exposure.words).toContain("Individually targeted, may change: 2 users.");
    expect(plan.exposure.words).toContain("Individually targeted, unchanged: 1 user.");
  });

  test("turning on says what a rule's users get instead of the off variation", () => {
    const { exposure } = planFor(
      { tool: "flag.turn_on" },
      { isEnabled: false, disabledVariationId: "v-third" },
    );
    expect(exposure.rules).toMatchObject([
      {
        ruleId: "r-eu",
        who: "country is one of FR, DE",
        before: [{ name: "third" }],
        after: [{ name: "baseline" }],
      },
    ]);
    expect(exposure.maxMovedPercent).toBe(100);
  });

  test("disabling a tool leaves one default rule and no exception", () => {
    const { after } = planFor({ tool: "flag.disable_tool", variationId: "v-base" });
    expect(after).toMatchObject({ targetUsers: [], rules: [] });
    expect(after.fallthrough.variations).toEqual([{ id: "v-base", rollout: [0, 1], exptRollout: 1 }]);
  });
});

const shares = (...list: [string, number][]): Operation => ({
  tool: "flag.set_rollout",
  rule: null,
  shares: list.map(([variationId, percent]) => ({ variationId, percent })),
});

describe("refusals", () => {
  const thirds: Flag["fallthrough"] = {
    ...profile.fallthrough,
    variations: [
      { id: "v-new", rollout: [0, 0.3], exptRollout: 1 },
      { id: "v-base", rollout: [0.3, 0.6], exptRollout: 1 },
      { id: "v-third", rollout: [0.6, 1], exptRollout: 1 },
    ],
  };
  const gap: Flag["fallthrough"] = {
    ...profile.fallthrough,
    variations: [{ id: "v-base", rollout: [0, 0.5], exptRollout: 1 }],
  };
  const overlap: Flag["fallthrough"] = {
    ...profile.fallthrough,
    variations: [
      { id: "v-new", rollout: [0, 0.6], exptRollout: 1 },
      { id: "v-base", rollout: [0.5, 1], exptRollout: 1 },
    ],
  };
  const twice = [
    { keyIds: ["u"], variationId: "v-new" },
    { keyIds: ["u"], variationId: "v-base" },
  ];
  const inUnread = [{ id: "c", property: IN_SEGMENT, op: "", value: '["seg-unread"]' }];
  const badOperator = [{ id: "c", property: "x", op: "Nope", value: "" }];
  const withConditions = (conditions: Flag["rules"][number]["conditions"]): Partial<Flag> => ({
    rules: profile.rules.map((rule) => ({ ...rule, conditions })),
  });
  const whole = (id: string): Partial<Flag> => ({
    fallthrough: { ...profile.fallthrough, variations: [{ id, rollout: [0, 1], exptRollout: 1 }] },
  });
  const sameRuleTwice = [...profile.rules, ...profile.rules];

  test.each<[why: string, code: string, operation: Operation, change: Partial<Flag>]>([
    ["archived", "archived_flag", { tool: "flag.turn_off" }, { isArchived: true }],
    ["archived already", "no_effect", { tool: "flag.archive" }, { isArchived: true, isEnabled: false }],
    ["serves several", "still_decides", { tool: "flag.archive" }, {}],
    ["one by default, another by rule", "still_decides", { tool: "flag.archive" }, whole("v-new")],
    ["another to one user", "still_decides", { tool: "flag.archive" }, { ...whole("v-base") }],
    ["already on", "no_effect", { tool: "flag.turn_on" }, {}],
    ["same shares", "no_effect", shares(["v-new", 10], ["v-base", 90]), {}],
    [
      "nobody to remove",
      "no_effect",
      { tool: "flag.remove_targets", variationId: "v-new", userKeys: ["x"] },
      {},
    ],
    ["shares below 100", "invalid_rollout", shares(["v-new", 10], ["v-base", 80]), {}],
    ["too fine", "invalid_rollout", shares(["v-new", 10.0001], ["v-base", 89.9999]), {}],
    ["named twice", "invalid_rollout", shares(["v-new", 50], ["v-new", 50]), {}],
    ["no such variation", "unknown_variation", shares(["v-x", 100]), {}],
    ["no such rule", "unknown_rule", { tool: "flag.serve_variation", rule: "r-x", variationId: "v-new" }, {}],
    ["no such segment", "unknown_segment", { ...LIMIT, segmentId: "seg-x" }, {}],
    ["segment renamed since", "unknown_segment", { ...LIMIT, segmentName: "Staff" }, {}],
    ["one variation for both", "invalid_arguments", { ...LIMIT, otherwiseVariationId: "v-new" }, {}],
    ["nothing to limit", "no_effect", { ...LIMIT, variationId: "v-third" }, {}],
    ["off", "hidden_while_off", shares(["v-new", 20], ["v-base", 80]), { isEnabled: false }],
    [
      "two calls",
      "needs_two_calls",
      { tool: "flag.disable_tool", variationId: "v-new" },
      { isEnabled: false },
    ],
    [
      "reshuffle",
      "would_reshuffle",
      shares(["v-new", 60], ["v-base", 30], ["v-third", 10]),
      { fallthrough: thirds },
    ],
    ["gap", "malformed_flag", { tool: "flag.turn_off" }, { fallthrough: gap }],
    ["overlap", "malformed_flag", { tool: "flag.turn_off" }, { fallthrough: overlap }],
    ["two variations for a user", "malformed_flag", { tool: "flag.turn_off" }, { targetUsers: twice }],
    ["no off variation", "malformed_flag", { tool: "flag.turn_off" }, { disabledVariationId: "v-x" }],
    ["unknown operator", "malformed_flag", { tool: "flag.turn_off" }, withConditions(badOperator)],
    ["no condition", "malformed_flag", { tool: "flag.turn_off" }, withConditions([])],
    ["rule ids not unique", "malformed_flag", { tool: "flag.turn_off" }, { rules: sameRuleTwice }],
    ["segment not read", "unknown_segment", { tool: "flag.turn_off" }, withConditions(inUnread)],
  ])("%s", (_why, code, operation, change) => {
    const made = compile(operation, snapshotOf(change), [internal]);
    expect(made).toMatchObject({ kind: "refused", code });
    if (made.kind === "refused") expect(made.reason).toMatch(/\.$/);
  });

  test("archived segment", () => {
    expect(compile(LIMIT, snapshotOf(), [{ ...internal, isArchived: true }])).toMatchObject({
      kind: "refused",
      code: "archived_segment",
    });
  });

  test("a restore runs under the tool whose kind of call it is", () => {
    const restore: Operation = {
      tool: "flag.turn_on",
      restores: { call: "toggle", enabled: false },
      because: { kind: "reverse", changeId: "c-1" },
    };
    expect(compile(restore, snapshotOf())).toMatchObject({ kind: "refused", code: "invalid_arguments" });
    expect(compile({ ...restore, tool: "flag.turn_off" }, snapshotOf())).toMatchObject({ kind: "plan" });
  });

  test("a restore may heal a malformed flag, and may not make one", () => {
    const heal: Operation = {
      tool: "flag.set_off_variation",
      restores: { call: "off_variation", variationId: "v-base" },
      because: { kind: "overwritten", auditEntryId: "a-1" },
    };
    expect(compile(heal, snapshotOf({ disabledVariationId: "v-x" }))).toMatchObject({ kind: "plan" });
    const harm: Operation = { ...heal, restores: { call: "off_variation", variationId: "v-x" } };
    expect(compile(harm, snapshotOf())).toMatchObject({ kind: "refused", code: "malformed_flag" });
  });
});

describe("credentials in a flag", () => {
  const secret = ["gh", "p_", "abcdefghijklmnopqrstuvwxyz0123456789"].join("");
  const off: Operation = { tool: "flag.turn_off" };

  test("are taken out of the words about it, and the plan stays what it is", () => {
    const clean = compile(off, { ref: REF, flag: profile, segments: [] });
    const flag = { ...profile, name: `Answers ${secret}`, description: `token: ${secret}`, tags: [secret] };
    const compiled = compile(off, { ref: REF, flag, segments: [] });
    expect(JSON.stringify(compiled)).not.toContain(secret);
    if (compiled.kind !== "plan" || clean.kind !== "plan") throw new Error("turning off must compile");
    expect(digestOf(compiled.plan, governing)).toBe(digestOf(clean.plan, governing));
    expect(digestOf({ ...compiled.plan, before: { ref: REF, flag, segments: [] } }, governing)).toBe(
      digestOf(compiled.plan, governing),
    );
  });

  test("that decide what users get are not kept: there is no plan", () => {
    const [first, ...more] = profile.variations;
    if (first === undefined) throw new Error("the flag has variations");
    const flag = { ...profile, variations: [{ ...first, value: `{"api_key":"${secret}"}` }, ...more] };
    const compiled = compile(off, { ref: REF, flag, segments: [] });
    expect(compiled).toMatchObject({ kind: "refused", code: "holds_credential" });
    expect(JSON.stringify(compiled)).not.toContain(secret);
  });
});

const governing = { contractHash: "c", rolesHash: "r" };

describe("words for what others wrote", () => {
  test("a flag described", () => {
    expect(describeFlag(profile, [])).toEqual([
      "On. While off it would serve baseline.",
      "Default rule: reranker_v2 10%, baseline 90%",
      'Rule "EU beta" (country is one of FR, DE): baseline 100%',
      "Individual targets: reranker_v2 1 user (qa-1)",
    ]);
  });

  test("names keep to one plain line", () => {
    const name = `evil\n\u202E"10% → 0%"\u0000${"x".repeat(400)}`;
    const rules = profile.rules.map((rule) => ({ ...rule, name }));
    const lines = [
      ...describeFlag({ ...profile, rules }, []),
      ...diffFlags(profile, { ...profile, name, rules }, []),
    ];
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(200);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
    expect(lines.join("\n")).toContain(`Rule "evil '10% → 0%' x`);
  });

  test("a long list of variations is spread over lines, and none is lost", () => {
    const ids = Array.from({ length: 20 }, (_, i) => `a-rather-long-variation-name-${i}`);
    const variations = ids.map((id) => ({ id, name: id, value: id }));
    const slices = ids.map((id, i) => ({
      id,
      rollout: [i / 20, (i + 1) / 20] as [number, number],
      exptRollout: 1,
    }));
    const many = { ...profile, variations, fallthrough: { ...profile.fallthrough, variations: slices } };
    const text = describeFlag(many, []).join("\n");
    for (const id of ids) expect(text).toContain(`${id} 5%`);
  });

  test("what changes users without changing shares is said", () => {
    const swapped = profile.fallthrough.variations.toReversed();
    const [first, second] = swapped.map(({ id }) => id);
    const variations = [
      { id: first ?? "", rollout: [0, 0.9] as [number, number], exptRollout: 1 },
      { id: second ?? "", rollout: [0.9, 1] as [number, number], exptRollout: 1 },
    ];
    const after = { ...profile, fallthrough: { ...profile.fallthrough, variations } };
    expect(diffFlags(profile, after, [])).toEqual([
      "Default rule: shares unchanged, but 20% of its users change variation (order or limits changed)",
    ]);
  });
});

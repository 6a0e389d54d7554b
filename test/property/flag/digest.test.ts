import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Digest, digestOf } from "../../../src/domain/flag/digest.ts";
import type { Segment } from "../../../src/domain/flag/flag.ts";
import { compile, type Plan } from "../../../src/domain/flag/plan.ts";
import { operationCase, seeded } from "../../support/flag-arbitraries.ts";

const RULES = { contractHash: "c".repeat(64), rolesHash: "r".repeat(64) };

const withFlag = (plan: Plan, change: Partial<Plan["after"]>): Plan => ({
  ...plan,
  before: { ...plan.before, flag: { ...plan.before.flag, ...change } },
});

const withSegment = (plan: Plan, change: (segment: Segment) => Partial<Segment>): Plan => ({
  ...plan,
  before: {
    ...plan.before,
    segments: plan.before.segments.map((segment, i) =>
      i === 0 ? { ...segment, ...change(segment) } : segment,
    ),
  },
});

/** Each gives the plan with one covered thing changed. */
const COVERED: Record<string, (plan: Plan) => Plan> = {
  "flag key": (plan) => ({ ...plan, ref: { ...plan.ref, key: `${plan.ref.key}x` } }),
  project: (plan) => ({ ...plan, ref: { ...plan.ref, project: "other" } }),
  environment: (plan) => ({ ...plan, ref: { ...plan.ref, environment: "other" } }),
  "environment id": (plan) => ({ ...plan, ref: { ...plan.ref, environmentId: "other" } }),
  revision: (plan) => withFlag(plan, { revision: "other" }),
  "on or off": (plan) => withFlag(plan, { isEnabled: !plan.before.flag.isEnabled }),
  archived: (plan) => withFlag(plan, { isArchived: true }),
  "off variation": (plan) => withFlag(plan, { disabledVariationId: "other" }),
  variations: (plan) => withFlag(plan, { variations: plan.before.flag.variations.toReversed() }),
  "variation type": (plan) => withFlag(plan, { variationType: "json" }),
  targets: (plan) =>
    withFlag(plan, { targetUsers: [...plan.before.flag.targetUsers, { keyIds: ["z"], variationId: "v1" }] }),
  rules: (plan) =>
    withFlag(plan, {
      rules: [
        ...plan.before.flag.rules,
        { ...plan.before.flag.fallthrough, id: "z", name: "z", conditions: [] },
      ],
    }),
  "default rule": (plan) =>
    withFlag(plan, { fallthrough: { ...plan.before.flag.fallthrough, dispatchKey: "plan" } }),
  "experiment setting": (plan) =>
    withFlag(plan, { exptIncludeAllTargets: !plan.before.flag.exptIncludeAllTargets }),
  "forward call": (plan) => ({ ...plan, forward: { call: "off_variation", variationId: "other" } }),
  "reverse call": (plan) => ({ ...plan, reverse: { call: "off_variation", variationId: "other" } }),
};

const COVERED_SEGMENT: Record<string, (segment: Segment) => Partial<Segment>> = {
  included: ({ included }) => ({ included: [...included, "z"] }),
  excluded: ({ excluded }) => ({ excluded: [...excluded, "z"] }),
  rules: ({ rules }) => ({ rules: [...rules, { id: "z", name: "z", conditions: [] }] }),
  updatedAt: () => ({ updatedAt: "2026-07-01T00:00:00Z" }),
  isArchived: () => ({ isArchived: true }),
};

/** What may change without touching what was approved. */
const UNCOVERED: Record<string, (plan: Plan) => Plan> = {
  "name, description, tags": (plan) =>
    withFlag(plan, { name: "other", description: "other", tags: ["other"] }),
  times: (plan) => withFlag(plan, { createdAt: "2020-01-01T00:00:00Z", updatedAt: "2027-01-01T00:00:00Z" }),
  "segment name": (plan) => withSegment(plan, () => ({ name: "other", key: "other" })),
  "order of segments": (plan) => ({
    ...plan,
    before: { ...plan.before, segments: plan.before.segments.toReversed() },
  }),
  words: (plan) => ({ ...plan, diff: ["other"], reverseDiff: ["other"] }),
};

test("the digest changes with every covered field and with nothing else", () => {
  let plans = 0;
  let withSegments = 0;
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused") return;
      const { plan } = made;
      const digest = digestOf(plan, RULES);
      plans += 1;
      expect(Digest.parse(digest)).toBe(digest);
      expect(digestOf(structuredClone(plan), RULES)).toBe(digest);
      for (const [what, change] of Object.entries(COVERED))
        expect(digestOf(change(plan), RULES), what).not.toBe(digest);
      for (const [what, change] of Object.entries(UNCOVERED))
        expect(digestOf(change(plan), RULES), what).toBe(digest);
      expect(digestOf(plan, { ...RULES, contractHash: "other" })).not.toBe(digest);
      expect(digestOf(plan, { ...RULES, rolesHash: "other" })).not.toBe(digest);
      if (plan.before.segments.length === 0) return;
      withSegments += 1;
      for (const [what, change] of Object.entries(COVERED_SEGMENT)) {
        expect(digestOf(withSegment(plan, change), RULES), what).not.toBe(digest);
      }
    }),
    seeded("digest", 2000),
  );
  expect(plans).toBeGreaterThan(200);
  expect(withSegments).toBeGreaterThan(50);
});

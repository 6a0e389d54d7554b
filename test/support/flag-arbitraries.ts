import * as fc from "fast-check";
import {
  type Condition,
  type Flag,
  type FlagSnapshot,
  IN_SEGMENT,
  NOT_IN_SEGMENT,
  type RolloutVariation,
  type Rule,
  type Segment,
  segmentIdsOf,
} from "../../src/domain/flag/flag.ts";
import { OPERATOR_WORDS, type FlagUser } from "../../src/domain/flag/match-condition.ts";
import type { ToolOperation } from "../../src/domain/flag/operation.ts";
import { campaignSize } from "./campaign-size.ts";

/** Random valid flags, segments, users and operations. Bad ones are made from these in the tests. */

/** One seed a run, printed so that a failure can be repeated: `FC_SEED=… vitest run …`. */
export function seeded(title: string, numRuns = campaignSize(300, 1000)): { seed: number; numRuns: number } {
  const seed = Number(process.env["FC_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`${title}: seed ${seed}, ${numRuns} runs\n`);
  return { seed, numRuns };
}

const ATTRIBUTES = ["country", "plan", "age"] as const;
const VALUES = ["FR", "DE", "free", "pro", "17", "18", "true", "False", "", "x y"] as const;
const USER_KEYS = ["alice", "bob", "carol", "dave", "üser", "qa-1", "QA-1", "user-2"] as const;
const SEGMENT_IDS = ["seg-1", "seg-2", "seg-3"] as const;

const value = fc.constantFrom(...VALUES);
const names = fc.constantFrom("baseline", "reranker_v2", 'a "quoted" name', "line\nbreak", "\u202Eright", "");
const dispatchKey = fc.constantFrom(null, "", "keyId", "country");

function attributeCondition(id: string): fc.Arbitrary<Condition> {
  return fc
    .record({
      property: fc.constantFrom(...ATTRIBUTES, "keyId", "name"),
      op: fc.constantFrom(...OPERATOR_WORDS.keys()),
      one: value,
      many: fc.uniqueArray(fc.constantFrom(...VALUES, ...USER_KEYS), { maxLength: 4 }),
    })
    .map(({ property, op, one, many }) => {
      const text = op === "IsOneOf" || op === "NotOneOf" ? JSON.stringify(many) : one;
      return { id, property, op, value: text };
    });
}

function segmentCondition(id: string): fc.Arbitrary<Condition> {
  return fc
    .record({
      property: fc.constantFrom(IN_SEGMENT, NOT_IN_SEGMENT),
      ids: fc.uniqueArray(fc.constantFrom(...SEGMENT_IDS), { minLength: 1, maxLength: 2 }),
    })
    .map(({ property, ids }) => ({ id, property, op: "", value: JSON.stringify(ids) }));
}

function conditions(of: string): fc.Arbitrary<Condition[]> {
  return fc
    .array(fc.boolean(), { minLength: 1, maxLength: 2 })
    .chain((kinds) =>
      fc.tuple(
        ...kinds.map((segment, i) =>
          segment ? segmentCondition(`${of}-c${i}`) : attributeCondition(`${of}-c${i}`),
        ),
      ),
    );
}

/** Some of the variations in any order, with cuts at thousandths of a percent; 0 and 100 % are common. */
export function slices(variationIds: readonly string[]): fc.Arbitrary<RolloutVariation[]> {
  return fc
    .shuffledSubarray([...variationIds], { minLength: 1 })
    .chain((ids) =>
      fc.record({
        ids: fc.constant(ids),
        cuts: fc.array(fc.oneof(fc.nat(100_000), fc.constantFrom(0, 10_000, 50_000, 100_000)), {
          minLength: ids.length - 1,
          maxLength: ids.length - 1,
        }),
        exptRollout: fc.constantFrom(0, 0.5, 1),
      }),
    )
    .map(({ ids, cuts, exptRollout }) => {
      const ends = [...cuts.toSorted((a, b) => a - b), 100_000];
      return ids.map((id, i) => ({
        id,
        rollout: [(ends[i - 1] ?? 0) / 100_000, (ends[i] ?? 0) / 100_000],
        exptRollout,
      }));
    });
}

function rule(id: string, variationIds: readonly string[]): fc.Arbitrary<Rule> {
  return fc.record({
    id: fc.constant(id),
    name: names,
    dispatchKey,
    includedInExpt: fc.boolean(),
    conditions: conditions(id),
    variations: slices(variationIds),
  });
}

const segments: fc.Arbitrary<Segment[]> = fc.tuple(
  ...SEGMENT_IDS.map((id) =>
    fc.record({
      id: fc.constant(id),
      name: fc.constantFrom("Internal", "VIP"),
      key: fc.constant(`key-${id}`),
      included: fc.uniqueArray(fc.constantFrom(...USER_KEYS), { maxLength: 3 }),
      excluded: fc.uniqueArray(fc.constantFrom(...USER_KEYS), { maxLength: 2 }),
      rules: fc
        .array(attributeCondition(`${id}-c`), { maxLength: 1 })
        .map((list) =>
          list.map((condition) => ({ id: `${id}-r`, name: "by attribute", conditions: [condition] })),
        ),
      updatedAt: fc.constantFrom("2026-06-17T06:52:44.123Z", "2026-06-18T06:52:44Z"),
      isArchived: fc.constant(false),
    }),
  ),
);

function targets(variationIds: readonly string[]): fc.Arbitrary<Flag["targetUsers"]> {
  return fc
    .uniqueArray(fc.constantFrom(...USER_KEYS), { maxLength: 5 })
    .chain((keys) =>
      fc.tuple(fc.constant(keys), fc.array(fc.constantFrom(...variationIds), { minLength: 5, maxLength: 5 })),
    )
    .map(([keys, chosen]) =>
      [...new Set(chosen)].map((variationId) => ({
        variationId,
        keyIds: keys.filter((_, i) => chosen[i] === variationId),
      })),
    );
}

export const flag: fc.Arbitrary<Flag> = fc
  .integer({ min: 2, max: 4 })
  .map((count) => Array.from({ length: count }, (_, i) => `v${i + 1}`))
  .chain((ids) =>
    fc.record({
      id: fc.uuid(),
      revision: fc.uuid(),
      key: fc.constantFrom("new-checkout", "support_answer_profile", "üflag"),
      name: names,
      description: names,
      tags: fc.uniqueArray(names, { maxLength: 2 }),
      createdAt: fc.constant("2026-06-17T06:52:44.123456Z"),
      updatedAt: fc.constant("2026-06-18T06:52:44Z"),
      isArchived: fc.constant(false),
      isEnabled: fc.oneof(
        { weight: 4, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      variationType: fc.constant("string"),
      variations: fc.tuple(...ids.map((id) => names.map((name) => ({ id, name, value: `value-${id}` })))),
      targetUsers: targets(ids),
      rules: fc
        .nat(3)
        .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => rule(`r${i + 1}`, ids)))),
      fallthrough: fc.record({ dispatchKey, includedInExpt: fc.boolean(), variations: slices(ids) }),
      exptIncludeAllTargets: fc.boolean(),
      disabledVariationId: fc.constantFrom(...ids),
    }),
  );

export type Case = { snapshot: FlagSnapshot; segments: Segment[] };

/** A snapshot with the segments its flag names, and all segments there are. */
export const snapshotCase: fc.Arbitrary<Case> = fc.tuple(flag, segments).map(([made, all]) => {
  const used = segmentIdsOf(made);
  const ref = { project: "shop", environment: "prod", environmentId: "e-1", key: made.key };
  return {
    snapshot: { ref, flag: made, segments: all.filter(({ id }) => used.includes(id)) },
    segments: all,
  };
});

export const user: fc.Arbitrary<FlagUser> = fc.record({
  key: fc
    .oneof(fc.constantFrom(...USER_KEYS), fc.string({ minLength: 1 }))
    .filter((key) => key.trim() !== ""),
  name: value,
  attributes: fc.record({ country: value, plan: value, age: value }),
});

/** Operations that mostly fit the flag; an unknown variation or rule comes up now and then. */
export function operationOn({ snapshot, segments: all }: Case): fc.Arbitrary<ToolOperation> {
  const { variations, rules } = snapshot.flag;
  const ids = variations.map(({ id }) => id);
  const variationId = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: fc.constant("v9") },
  );
  const where = fc.constantFrom(null, ...rules.map(({ id }) => id));
  const userKeys = fc.uniqueArray(fc.constantFrom(...USER_KEYS), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    fc.constant<ToolOperation>({ tool: "flag.turn_on" }),
    fc.constant<ToolOperation>({ tool: "flag.turn_off" }),
    fc.tuple(where, slices(ids)).map(([rule_, list]) => ({
      tool: "flag.set_rollout" as const,
      rule: rule_,
      shares: list.map(({ id, rollout: [start, end] }) => ({
        variationId: id,
        percent: (Math.round(end * 100_000) - Math.round(start * 100_000)) / 1000,
      })),
    })),
    fc.record({ tool: fc.constant("flag.serve_variation" as const), rule: where, variationId }),
    fc
      .record({ segment: fc.constantFrom(...all), variationId, otherwiseVariationId: variationId })
      .map(({ segment, ...rest }) => ({
        tool: "flag.limit_to_segment" as const,
        segmentId: segment.id,
        segmentName: segment.name,
        ...rest,
      })),
    fc.record({ tool: fc.constant("flag.add_targets" as const), variationId, userKeys }),
    fc.record({ tool: fc.constant("flag.remove_targets" as const), variationId, userKeys }),
    fc.record({ tool: fc.constant("flag.set_off_variation" as const), variationId }),
    fc.record({ tool: fc.constant("flag.disable_tool" as const), variationId }),
    fc.constant<ToolOperation>({ tool: "flag.archive" }),
  );
}

export const operationCase: fc.Arbitrary<Case & { operation: ToolOperation }> = snapshotCase.chain((made) =>
  operationOn(made).map((operation) => ({ ...made, operation })),
);

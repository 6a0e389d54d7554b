import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyCall } from "../../../src/domain/flag/call.ts";
import { describeFlag } from "../../../src/domain/flag/describe-flag.ts";
import { diffFlags } from "../../../src/domain/flag/diff-flags.ts";
import { evaluate } from "../../../src/domain/flag/evaluate.ts";
import { experimentOf } from "../../../src/domain/flag/experiment-of.ts";
import { maxShareMoved } from "../../../src/domain/flag/exposure.ts";
import { faultsOf } from "../../../src/domain/flag/faults-of.ts";
import { behaviourOf, Flag, sameBehaviour, segmentIdsOf } from "../../../src/domain/flag/flag.ts";
import { type RestoreOperation, reverseTool, Tool } from "../../../src/domain/flag/operation.ts";
import { compile, Plan } from "../../../src/domain/flag/plan.ts";
import { servedBy } from "../../../src/domain/flag/served-by.ts";
import { flag, operationCase, seeded, snapshotCase } from "../../support/flag-arbitraries.ts";

/** Plans per tool, so that a property cannot pass because nothing compiled. */
function planned(counts: Map<string, number>, plan: Plan): void {
  counts.set(plan.operation.tool, (counts.get(plan.operation.tool) ?? 0) + 1);
}

test("forward then reverse gives back the same behaviour, for every tool, each with one call", () => {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused") return;
      const { plan } = made;
      planned(counts, plan);
      expect(Plan.parse(plan)).toEqual(plan);
      expect(plan.after).toEqual(applyCall(snapshot.flag, plan.forward));
      expect(sameBehaviour(plan.after, snapshot.flag)).toBe(false);
      expect(behaviourOf(applyCall(plan.after, plan.reverse))).toEqual(behaviourOf(snapshot.flag));
      expect(plan.reverse.call).toBe(plan.forward.call);
      expect(compile(operation, snapshot, segments)).toEqual(made);
    }),
    seeded("reverse", 3000),
  );
  expect([...counts.keys()].toSorted()).toEqual(Tool.options.toSorted());
  for (const count of counts.values()) expect(count).toBeGreaterThan(10);
});

test("a compiled plan never leads to an invalid flag, and names the segments of both sides", () => {
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused") return;
      const { after, before } = made.plan;
      expect(Flag.parse(after)).toEqual(after);
      expect(faultsOf(after)).toEqual([]);
      const ids = new Set([...segmentIdsOf(before.flag), ...segmentIdsOf(after)]);
      expect(before.segments.map(({ id }) => id)).toEqual([...ids].toSorted());
      if (made.plan.forward.call !== "targeting") return;
      for (const { variations } of [after.fallthrough, ...after.rules]) {
        expect(variations.at(0)?.rollout[0]).toBe(0);
        expect(variations.at(-1)?.rollout[1]).toBe(1);
      }
    }),
    seeded("validity", 2000),
  );
});

test("new rollouts add up to exactly 1 in floating point, as FeatBit's UI demands", () => {
  let rollouts = 0;
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused" || operation.tool !== "flag.set_rollout") return;
      const { after } = made.plan;
      const spread =
        operation.rule === null ? after.fallthrough : after.rules.find(({ id }) => id === operation.rule);
      const sum = (spread?.variations ?? []).reduce(
        (total, { rollout: [start, end] }) => total + (end - start),
        0,
      );
      expect(sum).toBe(1);
      rollouts += 1;
    }),
    seeded("exact rollouts", 3000),
  );
  expect(rollouts).toBeGreaterThan(50);
});

test("the reverse compiles as a restore of its own and ends where the plan began", () => {
  let restored = 0;
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused") return;
      const undo: RestoreOperation = {
        tool: reverseTool(operation.tool),
        restores: made.plan.reverse,
        because: { kind: "reverse", changeId: "c-1" },
      };
      const back = compile(undo, { ...snapshot, flag: made.plan.after, segments: made.plan.before.segments });
      if (back.kind === "refused") throw new Error(back.reason);
      expect(behaviourOf(back.plan.after)).toEqual(behaviourOf(snapshot.flag));
      expect(back.plan.reverse).toEqual(made.plan.forward);
      expect(compile(undo, { ...snapshot, segments })).toMatchObject({ kind: "refused", code: "no_effect" });
      restored += 1;
    }),
    seeded("restore", 2000),
  );
  expect(restored).toBeGreaterThan(200);
});

test("words: one plain line a fact, and every difference has one", () => {
  fc.assert(
    fc.property(flag, flag, snapshotCase, (a, b, { segments }) => {
      expect(diffFlags(a, a, segments)).toEqual([]);
      const lines = diffFlags(a, b, segments);
      if (!sameBehaviour(a, b)) expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(200);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
    }),
    seeded("words"),
  );
});

const plans = fc.constantFrom("pro", "free", "");
const ages = fc.constantFrom("17", "18");

test("exposure adds up to 100 and its bound holds for sampled users", () => {
  let compared = 0;
  fc.assert(
    fc.property(operationCase, plans, ages, ({ snapshot, segments, operation }, plan, age) => {
      const made = compile(operation, snapshot, segments);
      if (made.kind === "refused") return;
      const { after, exposure } = made.plan;
      const sum = (key: "beforePercent" | "afterPercent"): number =>
        exposure.byVariation.reduce((total, share) => total + share[key], 0);
      expect(sum("beforePercent")).toBeCloseTo(100, 6);
      expect(sum("afterPercent")).toBeCloseTo(after.isArchived ? 0 : 100, 6);
      for (const { before: old, after: now } of exposure.rules) {
        for (const shares of [old, now]) {
          const whole = shares === now && after.isArchived ? 0 : 100;
          if (shares !== null)
            expect(shares.reduce((total, { percent }) => total + percent, 0)).toBeCloseTo(whole, 6);
        }
      }
      expect(exposure.movedPercent).toBeLessThanOrEqual(exposure.maxMovedPercent + 0.001);
      for (const { movedPercent } of exposure.rules) expect(movedPercent).toBeLessThanOrEqual(100);

      const keys = Array.from({ length: 150 }, (_, i) => `sample-${i}`);
      const moved = keys.filter((key) => {
        const someone = { key, attributes: { country: `c${key}`, plan, age } };
        return (
          evaluate(snapshot.flag, segments, someone).variationId !==
          evaluate(after, segments, someone).variationId
        );
      });
      expect(moved.length / keys.length).toBeLessThanOrEqual(maxShareMoved(made.plan) / 100 + 0.25);
      compared += 1;
    }),
    seeded("exposure"),
  );
  expect(compared).toBeGreaterThan(100);
});

test("the default rule's shares before and after agree with evaluating users", () => {
  let compared = 0;
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const spread = { ...snapshot.flag.fallthrough, dispatchKey: null };
      const plain = { ...snapshot.flag, rules: [], targetUsers: [], fallthrough: spread };
      const made = compile(operation, { ...snapshot, flag: plain, segments: [] }, segments);
      if (made.kind === "refused" || made.plan.after.rules.length > 0) return;
      const users = Array.from({ length: 250 }, (_, i) => ({ key: `sampled-${i}` }));
      for (const { variationId, beforePercent, afterPercent } of made.plan.exposure.byVariation) {
        const share = (of: Flag): number =>
          (100 * users.filter((one) => evaluate(of, [], one).variationId === variationId).length) /
          users.length;
        expect(Math.abs(share(plain) - beforePercent)).toBeLessThan(16);
        expect(Math.abs(share(made.plan.after) - afterPercent)).toBeLessThan(16);
      }
      compared += 1;
    }),
    seeded("sampling"),
  );
  expect(compared).toBeGreaterThan(100);
});

test("an archived flag takes no operation at all, and only the reverse of its archiving brings it back", () => {
  let archived = 0;
  fc.assert(
    fc.property(operationCase, ({ snapshot, segments, operation }) => {
      const made = compile({ tool: "flag.archive" }, snapshot, segments);
      if (made.kind === "refused") {
        expect(made.code).toBe(servedBy(snapshot.flag).size > 1 ? "still_decides" : "malformed_flag");
        return;
      }
      const { after, reverse } = made.plan;
      const now = { ...snapshot, flag: after };
      expect(compile(operation, now, segments)).toMatchObject({
        kind: "refused",
        code: operation.tool === "flag.archive" ? "no_effect" : "archived_flag",
      });
      const because = { kind: "reverse" as const, changeId: "c-1" };
      for (const tool of Tool.options) {
        const back = compile({ tool, restores: reverse, because }, now, segments);
        expect(back.kind).toBe(tool === "flag.archive" ? "plan" : "refused");
      }
      archived += 1;
    }),
    seeded("archived", 1000),
  );
  expect(archived).toBeGreaterThan(100);
});

test("experiments are looked for where counted users get different variations, and nowhere else", () => {
  const seen = { chosen: 0, default: 0, none: 0 };
  fc.assert(
    fc.property(flag, (one) => {
      const experiment = experimentOf(one);
      seen[experiment?.settings ?? "none"] += 1;
      const spreads = [{ ...one.fallthrough, id: null }, ...one.rules];
      for (const { id, includedInExpt, variations } of spreads) {
        const shared = variations.filter(({ rollout: [start, end] }) => end > start);
        const counted = shared.filter(
          ({ exptRollout }) => one.exptIncludeAllTargets || (includedInExpt && exptRollout > 0),
        );
        expect(experiment?.paths.includes(id) ?? false).toBe(one.isEnabled && counted.length > 1);
      }
      const told = describeFlag(one, []).some((line) => line.startsWith("Part of an experiment: "));
      expect(told).toBe(experiment?.settings === "chosen");
      expect(experimentOf({ ...one, isArchived: true })).toBeNull();
    }),
    seeded("experiments", 1000),
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
});

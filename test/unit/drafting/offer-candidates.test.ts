import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Candidate } from "../../../src/domain/assessment.ts";
import { type Flag, sameBehaviour } from "../../../src/domain/flag/flag.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import type { GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import type { Runbook } from "../../../src/domain/runbook.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { contractWith } from "../../support/policy-fixtures.ts";
import {
  ago,
  allowingRulebook,
  flagOf,
  internal,
  investigateWorld,
  jump,
  rerankerWorld,
  two,
  type World,
} from "./world.ts";

const runbook = (more: Partial<Runbook>): Runbook => ({
  id: "slow",
  title: "Slow answers",
  symptoms: ["answers slow"],
  queries: [],
  allowedActions: ["flag.turn_off", "flag.set_rollout", "flag.serve_variation", "flag.limit_to_segment"],
  maxRolloutPercent: null,
  owner: "support",
  manualSteps: ["Look."],
  ...more,
});

async function offered(before: Flag, after: Flag, more: Partial<World> = {}) {
  const { candidates } = await investigateWorld({
    changes: [{ at: ago(6), before, after }],
    metrics: { latency: [{ value: jump(ago(6), 0.8, 2.4) }] },
    deploys: [],
    ...more,
  });
  return candidates;
}

const toolsOf = (candidates: Candidate[]) => candidates.map(({ operation }) => operation.tool);

describe("offerCandidates", () => {
  test("offers the exact undo first, then containment, each once, all of them valid", async () => {
    const { candidates } = await investigateWorld(rerankerWorld());
    expect(candidates.map((candidate) => Candidate.parse(candidate))).toEqual(candidates);
    expect(candidates.map(({ id, operation }) => `${id} ${operation.tool}`)).toEqual([
      "C1 flag.serve_variation",
      "C2 flag.limit_to_segment",
      "C3 flag.turn_off",
    ]);
    expect(candidates[1]?.summary).toBe(
      "Limit reranker_v2 of support_answer_profile to Internal; everyone else gets baseline",
    );
  });

  test("undoes a changed rule, a new rule, targets and the off variation", async () => {
    const condition = { id: "c", property: "plan", op: "Equal", value: "pro" };
    const rule = (share: number) => ({
      id: "rule-1",
      name: "pro",
      dispatchKey: null,
      includedInExpt: false,
      conditions: [condition],
      variations: flagOf("x", share === 100 ? { "v-new": 100 } : { "v-base": 100 - share, "v-new": share })
        .fallthrough.variations,
    });
    const base = { "v-base": 100 };
    const tools = async (before: Partial<Flag>, after: Partial<Flag>) =>
      (await offered(flagOf("f", base, before), flagOf("f", base, after))).map(({ operation }) => operation);

    expect((await tools({ rules: [rule(10)] }, { rules: [rule(50)] }))[0]).toMatchObject({
      tool: "flag.set_rollout",
      rule: "rule-1",
    });
    expect((await tools({}, { rules: [rule(100)] }))[0]).toEqual({
      tool: "flag.serve_variation",
      rule: "rule-1",
      variationId: "v-base",
    });
    const targets = [{ variationId: "v-new", keyIds: ["ann", "bob"] }];
    expect((await tools({}, { targetUsers: targets }))[0]).toEqual({
      tool: "flag.remove_targets",
      variationId: "v-new",
      userKeys: ["ann", "bob"],
    });
    expect(
      (await tools({ isEnabled: false }, { isEnabled: false, disabledVariationId: "v-new" }))[0],
    ).toEqual({ tool: "flag.set_off_variation", variationId: "v-base" });
  });

  test("a runbook limits tools and shares, but never the way back", async () => {
    const [before, after] = [flagOf("f", { "v-base": 50, "v-new": 50 }), flagOf("f", { "v-new": 100 })];
    const free = await offered(before, after);
    expect(toolsOf(free)).toEqual(
      expect.arrayContaining([
        "flag.set_rollout",
        "flag.limit_to_segment",
        "flag.serve_variation",
        "flag.turn_off",
      ]),
    );
    const strict = await offered(before, after, {
      runbooks: [runbook({ allowedActions: ["flag.set_rollout"], maxRolloutPercent: 5 })],
    });
    expect(toolsOf(strict)).toEqual(["flag.set_rollout"]);

    const three = [...two, { id: "v-third", name: "third", value: "third" }];
    const other = { variations: three, disabledVariationId: "v-third" };
    const limited = await offered(
      flagOf("f", { "v-base": 90, "v-third": 10 }, other),
      flagOf("f", { "v-base": 50, "v-new": 40, "v-third": 10 }, other),
      { runbooks: [runbook({ maxRolloutPercent: 20 })] },
    );
    expect(limited[0]?.diff.join()).toContain("baseline 50% → 90%");
  });

  test("offers nothing for a flag that is gone, archived or not the service's", async () => {
    const [before, after] = [flagOf("f", { "v-base": 100 }), flagOf("f", { "v-new": 100 })];
    expect(await offered(before, after, { flags: [] })).toEqual([]);
    expect(await offered(before, after, { flags: [{ ...after, isArchived: true }] })).toEqual([]);
    expect(await offered(before, after, { flags: [{ ...after, tags: ["other"] }] })).toEqual([]);
  });

  test("offers nothing that the contracts can never allow, and says so", async () => {
    const [before, after] = [flagOf("f", { "v-base": 50, "v-new": 50 }), flagOf("f", { "v-new": 100 })];
    const world = {
      changes: [{ at: ago(6), before, after }],
      metrics: { latency: [{ value: jump(ago(6), 0.8, 2.4) }] },
      deploys: [],
    };
    const offers = async (over: Partial<GovernanceContract> | null) => {
      const contracts = new Map(allowingRulebook.contracts);
      if (over === null) contracts.delete("flag.turn_off");
      else contracts.set("flag.turn_off", contractWith({ tool: "flag.turn_off", ...over }));
      const { assessment, candidates } = await investigateWorld(world, {
        deps: { rulebook: { ...allowingRulebook, contracts } },
      });
      return { tools: toolsOf(candidates), notes: assessment.dropped.join(" ") };
    };
    expect((await offers({})).tools).toContain("flag.turn_off");
    const boundary = contractWith().hardBoundary;
    const cases: [Partial<GovernanceContract> | null, RegExp][] = [
      [null, /no governance contract for flag\.turn_off/],
      [{ hardBoundary: { ...boundary, blockedEnvironments: ["prod"] } }, /blocks the environment prod/],
      [{ hardBoundary: { ...boundary, blockedTags: ["support"] } }, /blocks flags tagged support/],
      [{ workflow: "human-request" }, /only in human-request/],
      [{ allowedModes: ["off", "search_only"] }, /does not allow approval_required/],
    ];
    for (const [over, says] of cases) {
      const { tools, notes } = await offers(over);
      expect(tools).not.toContain("flag.turn_off");
      expect(tools.length).toBeGreaterThan(0);
      expect(notes).toMatch(/flag\.turn_off is not offered: /);
      expect(notes).toMatch(says);
    }
  });

  test("offers nothing of a flag that the alert's sources may not lead to", async () => {
    const asked: string[] = [];
    const { assessment, candidates } = await investigateWorld(rerankerWorld(), {
      deps: {
        outOfReach: (incident, { key }) => {
          asked.push(`${incident.id} ${key}`);
          return "The source alertmanager may not lead there.";
        },
      },
    });
    expect(asked).toEqual(["INC-0000000001 support_answer_profile"]);
    expect(candidates).toEqual([]);
    expect(assessment.candidateId).toBeNull();
    expect(assessment.dropped.join(" ")).toContain("The source alertmanager may not lead there.");
  });

  test("property: whatever shares changed, the first offer brings them back, and all offers compile", async () => {
    const shares = fc
      .integer({ min: 0, max: 100 })
      .map((percent) =>
        percent === 0
          ? { "v-base": 100 }
          : percent === 100
            ? { "v-new": 100 }
            : { "v-base": 100 - percent, "v-new": percent },
      );
    await fc.assert(
      fc.asyncProperty(shares, shares, fc.boolean(), async (from, to, wasEnabled) => {
        const before = flagOf("f", from, { isEnabled: wasEnabled });
        const after = flagOf("f", to);
        // Turning on a flag that goes on serving its off variation to everyone changes nothing for anybody.
        fc.pre(!sameBehaviour(before, after) && (wasEnabled || "v-new" in to));
        const candidates = await offered(before, after);
        const ref = { project: "p", environment: "prod", environmentId: "env-1", key: "f" };
        const plans = candidates.map(({ operation }) =>
          compile(operation, { ref, flag: after, segments: [] }, [internal]),
        );
        expect(plans.every(({ kind }) => kind === "plan")).toBe(true);
        expect(toolsOf(candidates)).not.toContain("flag.archive");
        const [first] = plans;
        if (wasEnabled && first?.kind === "plan") {
          expect(
            first.plan.exposure.byVariation
              .map(({ variationId, afterPercent }) => [variationId, afterPercent])
              .filter(([, percent]) => percent !== 0),
          ).toEqual(Object.entries(from));
        } else if (!wasEnabled) expect(candidates[0]?.operation).toEqual({ tool: "flag.turn_off" });
        else expect.unreachable("there is always a way back");
      }),
      seeded("offerCandidates undoes", 100),
    );
  });
});

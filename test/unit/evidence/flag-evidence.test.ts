import { describe, expect, test } from "vitest";
import { itemsOf, type PendingFlagChange } from "../../../src/domain/evidence/evidence.ts";
import { type Flag, IN_SEGMENT, type Segment } from "../../../src/domain/flag/flag.ts";
import { later } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { FlagHistoryEntry, SegmentHistoryEntry } from "../../../src/pipeline/ports/flag-platform.ts";
import { orderedSuspects } from "../../../src/pipeline/drafting/order-suspects.ts";
import { ago, boolFlag, flagOf, incidentOf, internal } from "../drafting/world.ts";
import { ask } from "./question.ts";

const beta: Segment = { ...internal, id: "seg-beta", name: "Beta", key: "beta", included: ["ann", "bob"] };

/** Serves the new variation to the segment only. */
const forBeta: Flag = flagOf(
  "profile",
  { "v-base": 100 },
  {
    rules: [
      {
        id: "r1",
        name: "beta users",
        dispatchKey: null,
        includedInExpt: false,
        conditions: [{ id: "c1", property: IN_SEGMENT, op: "", value: JSON.stringify([beta.id]) }],
        variations: [{ id: "v-new", rollout: [0, 1], exptRollout: 1 }],
      },
    ],
  },
);

const person = { name: "Maya", email: "maya@example.org" };

function entryOf(more: Partial<FlagHistoryEntry>): FlagHistoryEntry {
  return {
    auditId: "a-flag",
    at: ago(6),
    author: person,
    comment: "",
    before: forBeta,
    after: forBeta,
    ...more,
  };
}

function segmentChange(before: Segment, after: Segment): SegmentHistoryEntry {
  return { auditId: "a-segment", at: later(ago(6), -40), author: person, comment: "", before, after };
}

const byBeta = entryOf({ comment: "Referenced segment 'Beta' has been updated." });

async function changedSegment(after: Segment, current: Segment = after) {
  const evidence = await ask({
    world: { flags: [forBeta] },
    flags: {
      history: async () => [byBeta],
      segmentHistory: async () => [segmentChange(beta, after)],
      segments: async () => [current],
    },
  });
  const [change] = itemsOf(evidence, "flag_change");
  if (change === undefined) throw new Error("the change of the segment is evidence");
  return change;
}

function segmentHistory(): Promise<SegmentHistoryEntry[]> {
  return Promise.reject(new OpsError("timeout", "FeatBit is late."));
}

describe("a segment that a flag uses", () => {
  test("is told with who joined and left, and what they get", async () => {
    const change = await changedSegment({ ...beta, included: ["bob", "cleo", "dan"] });
    expect(change.text).toEqual([
      'Segment "Beta", which the flag uses, was changed; the flag itself was not.',
      "Included: +2 (cleo, dan), −1 (ann)",
      'Members by Rule "beta users": reranker_v2 100%',
      "Comment: Referenced segment 'Beta' has been updated.",
    ]);
    expect(change).toMatchObject({
      segmentName: "Beta",
      gained: ["v-new", "v-base"],
      movedPercent: 0,
      targetsMoved: 3,
      inEffect: true,
      author: person,
    });
  });

  test("reaches nobody knows how far where its rules changed", async () => {
    const condition = { id: "c", property: "country", op: "IsOneOf", value: '["FR","DE"]' };
    const rules = [{ id: "r", name: "abroad", conditions: [condition] }];
    const change = await changedSegment({ ...beta, rules });
    expect(change.text).toContain('Rule "abroad" (new): country is one of FR, DE');
    expect(change).toMatchObject({ movedPercent: null, targetsMoved: 0 });
  });

  test("is not in effect once it is as it was, and moved nobody where only words changed", async () => {
    const widened = { ...beta, included: ["ann", "bob", "cleo"] };
    expect((await changedSegment(widened, beta)).inEffect).toBe(false);
    const renamed = await changedSegment({ ...beta, included: ["bob", "ann"], updatedAt: ago(1) });
    expect(renamed).toMatchObject({ gained: [], movedPercent: 0, targetsMoved: 0 });
    expect(renamed.text).toContain("Nothing that decides who belongs to it was changed.");
  });

  test("is a gap where its own audit log cannot be read, and only then", async () => {
    const told = await ask({ flags: { history: async () => [byBeta], segmentHistory } });
    expect(told.gaps).toContainEqual({
      source: "segment changes",
      reason: "FeatBit is late. Who joined or left a segment is not known.",
    });
    expect(itemsOf(told, "flag_change")[0]).toMatchObject({ segmentName: "Beta", movedPercent: null });
    const silent = await ask({ flags: { history: async () => [], segmentHistory } });
    expect(silent.gaps.map(({ source }) => source)).not.toContain("segment changes");
  });
});

describe("other environments of the service", () => {
  const environments = {
    production: { project: "p", environment: "prod" },
    staging: { project: "p", environment: "staging" },
    partner: { project: "other", environment: "prod" },
  };
  const [before, after] = [boolFlag("banner", false), boolFlag("banner", true)];

  test("are told as background, whatever the project, and are no suspects", async () => {
    const asked: string[] = [];
    const evidence = await ask({
      service: { environments },
      flags: {
        history: async ({ project, environment }) => {
          asked.push(`${project}/${environment}`);
          return environment === "staging" || project === "other"
            ? [entryOf({ auditId: `${project}-${environment}`, before, after })]
            : [];
        },
      },
    });
    expect(asked.toSorted()).toEqual(["other/prod", "p/prod", "p/staging"]);
    expect(itemsOf(evidence, "flag_change")).toEqual([]);
    expect(orderedSuspects(evidence, incidentOf({}))).toEqual([]);
    const elsewhere = itemsOf(evidence, "flag_change_elsewhere");
    expect(elsewhere.map(({ environmentName }) => environmentName).toSorted()).toEqual([
      "partner",
      "staging",
    ]);
    expect(elsewhere[0]?.title).toMatch(/^In (partner|staging): banner changed at .* by Maya$/);
    expect(elsewhere[0]?.text).toContain("Flag: off → on, rules and individual targets act again");
  });

  test("that hang delay nothing beyond the budget and are a gap of their own", async () => {
    const startedAt = performance.now();
    const evidence = await ask({
      service: { environments },
      flags: {
        history: ({ environment }) =>
          environment === "staging"
            ? new Promise(() => undefined)
            : Promise.resolve([entryOf({ before, after })]),
      },
      budgetMs: 150,
    });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(itemsOf(evidence, "flag_change")).toHaveLength(1);
    expect(evidence.gaps).toContainEqual({
      source: "other environment staging",
      reason: "No answer within 0 s. Whether its flags changed is not known.",
    });
  });
});

describe("who made a change", () => {
  const comment = "CHG-0000000042 approved by Ruth";
  const ownOf = async (author: FlagHistoryEntry["author"]) => {
    const after = boolFlag("banner", true);
    const entry = entryOf({ before: boolFlag("banner", false), after, author, comment });
    return itemsOf(await ask({ flags: { history: async () => [entry] } }), "flag_change")[0]?.ownChangeId;
  };

  test("is Signalman only where an access token wrote its id: a person's comment proves nothing", async () => {
    expect(await ownOf({ name: "signalman (access token)", email: null })).toBe("CHG-0000000042");
    expect(await ownOf(person)).toBeNull();
  });

  test("is said where FeatBit itself applied what had been prepared", async () => {
    const entry = entryOf({
      before: boolFlag("banner", false),
      after: boolFlag("banner", true),
      appliedFrom: "schedule",
    });
    const [change] = itemsOf(await ask({ flags: { history: async () => [entry] } }), "flag_change");
    expect(change?.title).toMatch(/by Maya, by a schedule$/);
  });
});

describe("the state of a flag", () => {
  const schedule: PendingFlagChange = {
    kind: "schedule",
    status: "PendingExecution",
    title: "Back to 100 % \u202E password=hunter2hunter2",
    dueAt: later(ago(0), 3_600_000),
  };

  test("says shares, segments, targets, age and what waits in FeatBit", async () => {
    const flag: Flag = {
      ...forBeta,
      targetUsers: [{ keyIds: ["eve", "fay"], variationId: "v-new" }],
      createdAt: "2026-02-01T12:00:00.1234567Z",
      updatedAt: "2026-03-01T11:00:00Z",
    };
    const evidence = await ask({
      flags: {
        list: async (keys) => [
          { ref: { ...keys, environmentId: "env-1", key: "profile" }, flag, segments: [beta] },
        ],
        pendingChanges: async () => [schedule],
      },
    });
    const [state] = itemsOf(evidence, "flag_state");
    expect(state).toMatchObject({
      isEnabled: true,
      shares: [{ variation: "baseline", percent: 100 }],
      segments: ["Beta"],
      targets: 2,
      createdAt: "2026-02-01T12:00:00.123Z",
      lastChangedAt: "2026-03-01T11:00:00.000Z",
    });
    expect(state?.text[0]).toBe(
      'A schedule "Back to 100 % password=[redacted]" waits in FeatBit (PendingExecution, due 2026-03-01 13:00:00 UTC); it may overwrite what is done now.',
    );
    expect(state?.text.at(-1)).toBe("Created 28 days ago, last changed 60 min ago.");
    expect(JSON.stringify(state)).not.toMatch(/hunter2|\u202E/u);
  });

  test("does not claim that nothing waits where FeatBit refuses to say", async () => {
    const evidence = await ask({
      world: { flags: [forBeta] },
      flags: { pendingChanges: () => Promise.reject(new OpsError("forbidden", "FeatBit says no.")) },
    });
    expect(itemsOf(evidence, "flag_state")[0]?.pendingChanges).toBeNull();
    expect(evidence.gaps.map(({ source }) => source)).toContain("pending changes");
  });
});

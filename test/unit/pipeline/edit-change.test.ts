import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/domain/assessment.ts";
import { type ChangeId, later } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { ApprovalRule } from "../../../src/domain/policy/governance-contract.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import type { Edit } from "../../../src/pipeline/ports/person-actions.ts";
import { incidentWrite } from "../../../src/pipeline/stream-writes.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { contractWith, controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

const nothing: Edit = {
  candidateId: null,
  variationId: null,
  percent: null,
  segmentId: null,
  queryId: null,
  withinMs: null,
};
const candidate = (id: string, operation: Candidate["operation"], key = flagKey): Candidate => ({
  id,
  flagKey: key,
  flagName: "One-click checkout",
  operation,
  summary: `Do ${operation.tool} to ${key}`,
  diff: [],
  maxMovedPercent: 100,
});
const half = [
  { variationId: "on", percent: 50 },
  { variationId: "off", percent: 50 },
];

/** An incident with three candidates and a draft of the first; Olga may edit, Rex and Rita approve. */
async function drafted(over: Partial<Parameters<World["propose"]>[0]> = {}) {
  const world = createWorld();
  world.identity.people.set("U0OLGA", personWith({ userId: "U0OLGA", name: "Olga", groups: ["S0EDIT"] }));
  const { roles } = world.deps.rulebook.roles;
  world.deps.rulebook = {
    ...world.deps.rulebook,
    roles: {
      teamId: "",
      roles: { ...roles, editor: { ...editor, groups: ["S0EDIT"] } },
    },
  };
  world.deps.services = world.deps.services.map((service) => ({
    ...service,
    queries: [{ id: "errors", title: "Errors", promql: "errors", unit: "%", badDirection: "up" }],
  }));
  const incidentId = await world.openIncident();
  const incident = await world.store.ledger.incident(incidentId);
  if (incident === null) throw new Error("no incident");
  const assessed = decideIncident(
    {
      command: "record_assessment",
      assessment: assessmentWith({ candidateId: "C1" }),
      candidates: [
        candidate("C1", { tool: "flag.turn_off" }),
        candidate("C2", { tool: "flag.set_rollout", rule: null, shares: half }),
        candidate("C3", { tool: "flag.turn_off" }, "search_fast"),
      ],
      transcript: null,
    },
    incident.state,
    world.clock.now(),
  );
  if (assessed.kind === "refused") throw new Error(assessed.reason);
  await world.store.ledger.commit({
    writes: [incidentWrite(incidentId, incident.version, assessed.events)],
  });
  const id = await world.propose({ incidentId, ...over });
  const actions = personActions(world.deps);
  const edited = async (edit: Partial<Edit>, userId = "U0OLGA", version?: number) => {
    const state = await world.change(id);
    return actions.edit({
      changeId: id,
      version: version ?? state.version,
      digest: state.proposal.digest,
      userId,
      edit: { ...nothing, ...edit },
      reason: "Half is enough.",
    });
  };
  return { world, id, actions, edited };
}

const everywhere = { projects: ["*"], environments: ["*"], tags: ["*"], risks: ["*" as const] };
const editor = {
  description: "",
  users: [],
  permit: [{ actions: ["edit" as const, "approve" as const], ...everywhere }],
  forbid: [],
};

const timers = async (world: World, id: ChangeId) => {
  const rows = await world.store.work.waiting(later(world.clock.now(), 86_400_000), 50);
  return rows.filter(({ subject }) => subject === id).map(({ stage, dueAt }) => `${stage} ${dueAt}`);
};

describe("editing a draft", () => {
  test("takes another candidate, compiled anew and decided anew: the next version, without votes", async () => {
    const { world, id, edited } = await drafted();
    const contract = contractWith();
    const twoOf = ApprovalRule.parse({
      reviewers: { default: { roles: ["release-manager"], count: 2 } },
      separationOfDuties: true,
      expiresAfter: "30m",
      reminders: ["5m"],
    });
    for (const tool of ["flag.turn_off", "flag.set_rollout"] as const) {
      world.contracts.set(tool, { ...contract, tool, approval: twoOf });
    }
    const before = await world.change(id);
    await world.vote(id, "U0RITA");
    world.clock.advance(60_000);
    expect(await edited({ candidateId: "C2" })).toMatchObject({
      kind: "done",
      text: expect.stringContaining("version 2"),
    });
    const after = await world.change(id);
    expect(after).toMatchObject({
      version: 2,
      status: "awaiting_approval",
      votes: [],
      proposal: {
        plan: { operation: { tool: "flag.set_rollout" } },
        action: { tool: "flag.set_rollout", actor: before.proposal.action.actor },
      },
      edits: [{ userId: "U0OLGA", changed: [expect.stringContaining(" → Do flag.set_rollout")] }],
      decision: { requirement: { count: 2, recentEditors: ["U0OLGA"] } },
    });
    expect(after.proposal.digest).not.toBe(before.proposal.digest);
    const [atFive, atThirty] = [5, 30].map((minutes) => later(world.clock.now(), minutes * 60_000));
    expect(await timers(world, id)).toEqual([`chase ${atFive}`, `expire ${atThirty}`]);

    const { digest } = before.proposal;
    expect(await world.vote(id, "U0REX", { version: 1, digest })).toMatchObject({
      kind: "refused",
      reason: "Version 1 is superseded by version 2: look at the live card.",
    });
    await world.vote(id, "U0RITA");
    await world.vote(id, "U0REX");
    await world.execute(id);
    expect(await world.change(id)).toMatchObject({ status: "applied", version: 2 });
    expect(world.flags.writes).toHaveLength(1);
  });

  test("chooses variation and share of a rollout, the metric and by when, each in words", async () => {
    const { world, id, edited } = await drafted({
      operation: { tool: "flag.set_rollout", rule: null, shares: half },
    });
    expect(await edited({ percent: 25 })).toMatchObject({ reason: expect.stringContaining("Say both") });
    expect(await edited({ percent: 25, variationId: "on" })).toMatchObject({ kind: "done" });
    expect((await world.change(id)).proposal.plan.after.fallthrough.variations).toMatchObject([
      { id: "on", rollout: [0, 0.25] },
      { id: "off", rollout: [0.25, 1] },
    ]);
    expect(await edited({ percent: 100, variationId: "off" })).toMatchObject({ kind: "done" });
    expect(await edited({ percent: 10, variationId: "off" })).toMatchObject({ kind: "done" });
    expect((await world.change(id)).proposal.plan.after.fallthrough.variations).toMatchObject([
      { id: "on", rollout: [0, 0.9] },
      { id: "off", rollout: [0.9, 1] },
    ]);
    expect(await edited({ queryId: "errors", withinMs: 600_000 })).toMatchObject({ kind: "done" });
    expect(await world.change(id)).toMatchObject({
      version: 5,
      proposal: { expected: { queryId: "errors", direction: "down", withinMs: 600_000 } },
      edits: [{}, {}, {}, { changed: ["Expected effect: none → errors down within 600 s"] }],
    });
    expect(await edited({ queryId: "latency" })).toMatchObject({
      reason: "The service has no metric latency.",
    });
  });

  test("offers what compiles and differs, of this flag only", async () => {
    const { id, actions } = await drafted();
    expect(await actions.editChoices(id)).toMatchObject({
      candidates: [{ id: "C2", label: expect.stringContaining("set_rollout"), diff: [expect.any(String)] }],
      percent: false,
      variations: [],
      segments: [],
      metrics: [{ id: "errors", title: "Errors" }],
      expected: null,
    });
  });

  test.each<[string, Partial<Edit>, RegExp]>([
    ["another flag", { candidateId: "C3" }, /Another flag is another change: reject this one/],
    ["a candidate that is not there", { candidateId: "C9" }, /no candidate C9/],
    ["a candidate and a share at once", { candidateId: "C2", percent: 3 }, /not both at once/],
    ["a share of what has none", { percent: 3, variationId: "on" }, /nothing of that kind/],
    ["nothing", {}, /Nothing would be different/],
    ["what is so already", { candidateId: "C1" }, /Nothing would be different/],
  ])("refuses %s, and the draft stays as it is", async (_, edit, reason) => {
    const { world, id, edited } = await drafted();
    const before = (await world.story(id)).length;
    expect(await edited(edit)).toMatchObject({ kind: "refused", reason: expect.stringMatching(reason) });
    expect(await world.story(id)).toHaveLength(before);
  });

  test("is for those who may, on the version that is live, and is recorded where refused", async () => {
    const { world, id, edited } = await drafted();
    expect(await edited({ candidateId: "C2" }, "U0NED")).toMatchObject({
      kind: "refused",
      whoMay: { groups: ["S0RELEASE", "S0EDIT"] },
    });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    expect(await edited({ candidateId: "C2" }, "U0OLGA", 4)).toMatchObject({
      reason: "Version 4 is superseded by version 1: look at the live card.",
    });
  });

  test("into what policy denies is refused and recorded; under a lower mode it is shown without approval", async () => {
    const { world, id, edited } = await drafted();
    world.controls = controlsWith({ deniedTools: ["flag.set_rollout"] });
    expect(await edited({ candidateId: "C2" })).toMatchObject({
      reason: expect.stringMatching(/policy denies/),
    });
    expect((await world.story(id)).at(-1)).toBe("action_refused");
    expect(await world.change(id)).toMatchObject({ version: 1, status: "awaiting_approval" });
    world.controls = controlsWith({ mode: "draft_write" });
    expect(await edited({ candidateId: "C2" })).toMatchObject({ kind: "done" });
    expect(await world.change(id)).toMatchObject({ version: 2, status: "shown" });
    expect((await timers(world, id)).join()).not.toMatch(/expire|chase/);
  });

  test("leaves the editor unable to be the only approver, or to break the glass", async () => {
    const { world, id, edited } = await drafted();
    await edited({ candidateId: "C2" }, "U0REX");
    expect(await world.vote(id, "U0REX")).toMatchObject({
      kind: "done",
      text: expect.stringContaining("somebody who has not changed the flag lately"),
    });
    expect((await world.change(id)).status).toBe("awaiting_approval");
    expect(await world.vote(id, "U0RITA")).toMatchObject({ text: "Approved. It is being carried out now." });
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });

  test("starts from the flag as it is now, so that an outrun draft can be saved", async () => {
    const { world, id, edited } = await drafted();
    world.flags.edit(flagKey, { name: "Renamed" });
    await edited({ candidateId: "C2" });
    expect((await world.change(id)).proposal.plan.before.flag.revision).toBe(
      world.flags.flag(flagKey).revision,
    );
    await world.vote(id);
    await world.execute(id);
    expect((await world.change(id)).status).toBe("applied");
  });

  test("leaves what undoes a change alone", async () => {
    const { world, id, edited } = await drafted();
    await world.vote(id);
    await world.execute(id);
    const undo = await personActions(world.deps).revert({ changeId: id, userId: "U0RITA", reason: "" });
    if (undo.kind !== "done" || undo.changeId === undefined) throw new Error(JSON.stringify(undo));
    const { version, proposal } = await world.change(undo.changeId);
    const { digest } = proposal;
    expect(
      await personActions(world.deps).edit({
        changeId: undo.changeId,
        version,
        digest,
        userId: "U0REX",
        edit: { ...nothing, candidateId: "C2" },
        reason: "",
      }),
    ).toMatchObject({ kind: "refused", reason: expect.stringMatching(/exact/) });
    expect(await edited({ candidateId: "C2" })).toMatchObject({
      reason: expect.stringMatching(/cannot be edited/),
    });
  });
});

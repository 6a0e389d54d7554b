import { describe, expect, it } from "vitest";
import type { Guardrails } from "../../../src/domain/guard/guardrails.ts";
import { later } from "../../../src/domain/ids.ts";
import type { Rulebook } from "../../../src/domain/policy/rulebook.ts";
import { lowerByQuality } from "../../../src/pipeline/guard/quality-watch.ts";
import { revert } from "../../../src/pipeline/people/start-linked-change.ts";
import type { FlagEdit } from "../../../src/pipeline/ports/flag-platform.ts";
import { guardrailsWith } from "../../support/guard-fixtures.ts";
import { personWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

/** Puts other rules in force, as a restart with another file does. */
function ruledBy(world: World, guardrails: Guardrails): World {
  const rulebook: Rulebook = { ...world.deps.rulebook, guardrails };
  world.guardDeps.rulebook = rulebook;
  world.deps.rulebook = rulebook;
  return world;
}

const editBy = (world: World, email: string | null, name = "Ned") =>
  world.flags.edits.unshift({ at: world.clock.now(), author: { name, email }, comment: "", made: "r" });

describe("who changed the flag lately", () => {
  it("cannot be its only approver, matched by e-mail whatever its capitals in people.yml", async () => {
    const world = createWorld();
    world.guardDeps.people = { people: { "Rita.R@Example.com": "U0RITA" } };
    editBy(world, "rita.r@example.com");
    const id = await world.propose();
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
    expect(await world.change(id)).toMatchObject({
      status: "awaiting_approval",
      decision: { requirement: { recentEditors: ["U0RITA"], count: 1 } },
    });
    await world.vote(id, "U0REX");
    expect((await world.change(id)).status).toBe("approved");
  });

  it("is looked for in Slack; one who edited longer ago does not count", async () => {
    const world = createWorld();
    world.identity.people.set("U0NED", personWith({ userId: "U0NED", email: "ned@example.com" }));
    editBy(world, "ned@example.com");
    world.flags.edits.push({
      at: later(world.clock.now(), -25 * 3_600_000),
      author: { name: "Old", email: null },
      comment: "",
      made: "r",
    });
    const id = await world.propose();
    expect((await world.change(id)).decision).toMatchObject({
      requirement: { recentEditors: ["U0NED"], count: 1 },
    });
  });

  it("costs one more approval where nobody can tell who it is, and the reason says so", async () => {
    const world = createWorld();
    editBy(world, null, "terraform (access token)");
    const id = await world.propose();
    await world.vote(id);
    const { status, decision } = await world.change(id);
    expect(status).toBe("awaiting_approval");
    expect(decision).toMatchObject({ requirement: { count: 2 } });
    expect(decision?.reasons.join(" ")).toContain("terraform (access token)");
    await world.vote(id, "U0OMAR");
    expect((await world.change(id)).status).toBe("approved");
  });

  it("is left to the vote in a process that may not ask Slack", async () => {
    const world = createWorld();
    world.guardDeps.findPerson = null;
    editBy(world, "stranger@example.com");
    const id = await world.propose();
    expect((await world.change(id)).decision).toMatchObject({ requirement: { count: 1, recentEditors: [] } });
    world.guardDeps.findPerson = async () => null;
    await world.vote(id);
    expect((await world.change(id)).decision).toMatchObject({ requirement: { count: 2 } });
  });

  it.each<[string, (own: FlagEdit, comment: (operation: string) => string) => Partial<FlagEdit>]>([
    ["of an operation that was never ours", (_, comment) => ({ comment: comment("op-9999999999") })],
    ["with our comment on another revision", () => ({ made: "somebody-elses" })],
    ["with our comment on an edit that made no revision", () => ({ made: null })],
  ])("is not Signalman itself, by the ledger's word; but one %s is somebody", async (_, forged) => {
    const world = createWorld();
    const first = await world.approved();
    await world.execute(first);
    const { execution, applied } = await world.change(first);
    const comment = (operation = "") => `${operation} Signalman ${first} (INC-1) · Turn it off`;
    const own: FlagEdit = {
      at: world.clock.now(),
      author: { name: "signalman-write (access token)", email: null },
      comment: comment(execution?.operationId),
      made: applied?.revision ?? null,
    };
    world.flags.edits = [own];
    const undo = await revert({ changeId: first, userId: "U0MAYA", reason: "" }, world.deps);
    if (undo.kind !== "done" || undo.changeId === undefined) throw new Error(JSON.stringify(undo));
    const id = undo.changeId;
    expect((await world.change(id)).decision).toMatchObject({ requirement: { count: 1 } });
    world.flags.edits = [{ ...own, ...forged(own, comment) }];
    await world.vote(id);
    expect((await world.change(id)).decision).toMatchObject({ requirement: { count: 2 } });
  });
});

describe("what stands in the way at one moment", () => {
  it("is asked again at the vote: a change that somebody schedules in FeatBit meanwhile", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.flags.pending = [{ kind: "schedule", status: "PendingExecution", title: "Go live", dueAt: null }];
    expect(await world.vote(id)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("waits in FeatBit"),
    });
    expect(await world.story(id)).toEqual(["change_proposed", "decided", "decided", "vote_refused"]);
    world.flags.pending = [];
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
  });

  it("and at the execution: nothing is written", async () => {
    const world = createWorld();
    const id = await world.approved();
    world.flags.pending = [{ kind: "change_request", status: "Approved", title: "", dueAt: null }];
    await world.execute(id);
    expect(await world.change(id)).toMatchObject({
      status: "denied",
      decision: { rule: "guardrail:pending_change" },
    });
    expect(world.flags.writes).toEqual([]);
  });

  it("that cannot be read is not taken for nothing", async () => {
    const world = createWorld();
    const id = await world.propose();
    world.flags.down = true;
    expect(await world.vote(id)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("could not be read"),
    });
    expect(world.flags.flag(flagKey).isEnabled).toBe(true);
  });

  it("a source that lost its reach since the draft", async () => {
    const world = createWorld();
    const incidentId = await world.openIncident();
    const id = await world.propose({ incidentId });
    world.guardDeps.sources = [];
    // The incident of this world holds no alert, so a source is heard of first.
    const incident = world.store.tables.incidents.get(incidentId);
    if (incident === undefined) throw new Error("no incident");
    world.store.tables.incidents.set(incidentId, {
      ...incident,
      state: { ...incident.state, sources: ["alertmanager"] },
    });
    await world.vote(id);
    expect(await world.change(id)).toMatchObject({
      status: "denied",
      decision: { rule: "guardrail:source_binding" },
    });
  });

  it("a frozen window: votes do not count, an emergency does", async () => {
    const world = createWorld();
    const contract = world.contracts.get("flag.turn_off");
    if (contract?.approval === undefined) throw new Error("no contract");
    const breakGlass = { roles: ["release-manager"], validFor: "15m" };
    world.contracts.set("flag.turn_off", { ...contract, approval: { ...contract.approval, breakGlass } });
    const always = { weekly: { from: "mon 00:00", to: "mon 00:00" }, yieldsToBreakGlass: true };
    ruledBy(
      world,
      guardrailsWith({ frozenWindows: [{ name: "Sale", because: "It is the sale", ...always }] }),
    );
    const id = await world.propose();
    expect(await world.change(id)).toMatchObject({
      status: "awaiting_approval",
      decision: { kind: "queue_for_review", rule: "guardrail:frozen_window" },
    });
    expect(await world.vote(id)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("Only an emergency"),
    });
    expect((await world.change(id)).votes).toEqual([]);
    ruledBy(world, guardrailsWith());
    expect(await world.vote(id)).toMatchObject({ kind: "done" });
    ruledBy(
      world,
      guardrailsWith({ frozenWindows: [{ name: "Sale", because: "It is the sale", ...always }] }),
    );
    await world.execute(id);
    expect((await world.story(id)).at(-1)).toBe("votes_voided");
    expect(world.flags.writes).toEqual([]);
  });
});

describe("the review queue", () => {
  it("that people do not keep up with gets nothing new, and what is in it can be decided", async () => {
    const world = ruledBy(createWorld(), guardrailsWith({ reviewQueue: { longestWait: "10m" } }));
    const first = await world.propose();
    world.clock.advance(11 * 60_000);
    // Another flag would do; here the same one is free again only after the first has ended.
    const { plan, action } = (await world.change(first)).proposal;
    const draft = { action, plan, incident: null, change: null };
    const { findings } = await world.deps.guard(draft);
    expect(findings.find(({ guardrail }) => guardrail === "review_queue")).toMatchObject({
      verdict: "unhealthy",
      reason: expect.stringContaining("longer than 10m"),
    });
    expect(await world.vote(first)).toMatchObject({ kind: "done" });
    const healthy = await world.deps.guard(draft);
    expect(healthy.findings.every(({ verdict }) => verdict === "pass")).toBe(true);
  });
});

describe("quality", () => {
  it("lowers authority once for what it saw, and says it on the ledger and to people", async () => {
    const world = createWorld();
    const rules = guardrailsWith({ quality: { minimumSamples: 2 } }).quality;
    const deps = { store: world.store, rules, log: world.log };
    for (const _ of [1, 2]) {
      const id = await world.propose();
      await world.vote(id, "U0RITA", { vote: "reject", rationale: "No." });
    }
    expect(await lowerByQuality(deps)).toBe(true);
    expect(await lowerByQuality(deps)).toBe(true);
    const events = await world.store.ledger.events("authority/checkout");
    expect(events.map(({ type, data }) => [type, data["mode"]])).toEqual([
      ["authority_lowered", "draft_write"],
    ]);
    expect(world.store.commits.at(-1)?.commit.followUps).toMatchObject([
      { stage: "tell", subject: "authority/checkout" },
    ]);
  });
});

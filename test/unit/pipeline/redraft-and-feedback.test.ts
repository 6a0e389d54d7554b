import { describe, expect, it } from "vitest";
import { isOpen } from "../../../src/domain/change/change.ts";
import type { IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { later, type ChangeId, type IncidentId } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { giveFeedback, readFeedback } from "../../../src/pipeline/people/give-feedback.ts";
import { redraft } from "../../../src/pipeline/people/redraft.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { personWith } from "../../support/policy-fixtures.ts";
import { createWorld, flagKey, type World } from "./world.ts";

async function tell(world: World, id: IncidentId, command: IncidentCommand): Promise<void> {
  const loaded = await world.store.ledger.incident(id);
  if (loaded === null) throw new Error(`there is no incident ${id}`);
  const answer = decideIncident(command, loaded.state, world.clock.now());
  if (answer.kind === "refused") throw new Error(answer.reason);
  const { events } = answer;
  const stream = streamOf("incident", id);
  await world.store.ledger.commit({
    writes: [{ kind: "incident", stream, id, expectedVersion: loaded.version, events }],
  });
}

const assess = (candidateId: string | null): IncidentCommand => ({
  command: "record_assessment",
  assessment: assessmentWith({ candidateId, abstention: candidateId === null ? "It was the deploy." : "" }),
  candidates: [],
  transcript: null,
});

async function incident(world: World, id: IncidentId) {
  const loaded = await world.store.ledger.incident(id);
  if (loaded === null) throw new Error(`there is no incident ${id}`);
  return loaded.state;
}

const typesOf = async (world: World, id: IncidentId) =>
  (await world.store.ledger.events(streamOf("incident", id))).map(({ type }) => type);

const waitingFor = (world: World, subject: string) =>
  [...world.store.tables.work.values()].filter((row) => row.subject === subject).map(({ stage }) => stage);

/** A change whose flag has moved between the card and the click. */
async function outrun(): Promise<{ world: World; changeId: ChangeId; incidentId: IncidentId }> {
  const world = createWorld();
  const incidentId = await world.openIncident();
  await tell(world, incidentId, assess("C1"));
  const changeId = await world.approved({ incidentId });
  world.flags.edit(flagKey, { exptIncludeAllTargets: false });
  await world.execute(changeId);
  expect((await world.change(changeId)).status).toBe("superseded");
  return { world, changeId, incidentId };
}

/** Looked at, with no change recommended. */
async function abstained() {
  const world = createWorld();
  const id = await world.openIncident();
  await tell(world, id, assess(null));
  return { world, id };
}

describe("redraft", () => {
  it("is no part of superseding: nothing is looked at again before a person asks", async () => {
    const { world, incidentId } = await outrun();
    expect(await typesOf(world, incidentId)).not.toContain("redraft_requested");
    expect(waitingFor(world, incidentId)).not.toContain("investigate");
  });

  it("has the incident looked at anew, once, and the ledger says who asked", async () => {
    const { world, changeId, incidentId } = await outrun();
    const began = (await incident(world, incidentId)).episodeStartedAt;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => redraft({ changeId, userId: "U0REX" }, world.deps)),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => "done"));
    const events = await world.store.ledger.events(streamOf("incident", incidentId));
    const asked = events.filter(({ type }) => type === "redraft_requested");
    expect(asked.map(({ data }) => data)).toEqual([{ changeId, userId: "U0REX", name: "Rex" }]);
    expect(waitingFor(world, incidentId)).toContain("investigate");
    expect(await incident(world, incidentId)).toMatchObject({
      assessment: null,
      investigatedAt: null,
      episodeStartedAt: began,
    });
  });

  it("is refused, and the refusal recorded, for whoever may not propose", async () => {
    const { world, changeId, incidentId } = await outrun();
    const answer = await redraft({ changeId, userId: "U0NED" }, world.deps);
    expect(answer).toMatchObject({ kind: "refused", reason: "it takes a role that permits it" });
    expect(answer.kind === "refused" && answer.whoMay.groups.length).toBeGreaterThan(0);
    expect(await world.story(changeId)).toContain("action_refused");
    expect(await typesOf(world, incidentId)).not.toContain("redraft_requested");
  });

  it("is not possible while Slack cannot say who asks", async () => {
    const { world, changeId } = await outrun();
    world.identity.down = true;
    expect((await redraft({ changeId, userId: "U0REX" }, world.deps)).kind).toBe("unavailable");
  });

  it("is refused while another incident's change of the flag is open, and says which", async () => {
    const { world, changeId, incidentId } = await outrun();
    const other = await world.propose();
    expect(isOpen((await world.change(other)).status)).toBe(true);
    const answer = await redraft({ changeId, userId: "U0REX" }, world.deps);
    expect(answer).toMatchObject({
      kind: "refused",
      openChange: { changeId: other, incidentId: (await world.change(other)).incidentId },
    });
    expect(await typesOf(world, incidentId)).not.toContain("redraft_requested");
  });

  it("is refused for a change that waits, and where the incident is over", async () => {
    const world = createWorld();
    const waiting = await world.propose();
    expect(await redraft({ changeId: waiting, userId: "U0REX" }, world.deps)).toMatchObject({
      kind: "refused",
      reason: `${waiting} is not a draft that its flag has outrun, so there is nothing to draft anew.`,
    });
    const { world: over, changeId, incidentId } = await outrun();
    await tell(over, incidentId, { command: "close", userId: "U0REX", name: "Rex", reason: "Over." });
    expect(await redraft({ changeId, userId: "U0REX" }, over.deps)).toMatchObject({
      kind: "refused",
      reason: "Not now: the incident is closed.",
    });
  });
});

describe("feedback", () => {
  const minute = 60_000;

  it("counts one answer a person, the last, and needs no role", async () => {
    const { world, id } = await abstained();
    const say = (userId: string, useful: boolean) =>
      giveFeedback({ incidentId: id, userId, useful }, world.deps);
    expect(await say("U0NED", true)).toMatchObject({ kind: "done" });
    await say("U0NED", true);
    await say("U0MAYA", true);
    world.clock.advance(minute);
    await say("U0NED", false);
    expect((await typesOf(world, id)).filter((type) => type === "feedback_given")).toHaveLength(3);
    const now = world.clock.now();
    const count = (fromMs: number, toMs: number) =>
      readFeedback(world.store, { from: later(now, fromMs), to: later(now, toMs) });
    expect(await count(-10 * minute, 1)).toEqual({ useful: 1, notUseful: 1 });
    expect(await count(-10 * minute, 0)).toEqual({ useful: 1, notUseful: 0 });
    expect(await count(0, 1)).toEqual({ useful: 0, notUseful: 1 });
  });

  it.each([
    ["a guest", { isRestricted: true }],
    ["a single-channel guest", { isUltraRestricted: true }],
    ["a bot", { isBot: true }],
    ["a deactivated account", { deleted: true }],
    ["another workspace's member", { teamId: "T0OTHER" }],
    ["a stranger", { isStranger: true }],
  ])("is not taken from %s", async (_, facts) => {
    const { world, id } = await abstained();
    world.identity.people.set("U0X", personWith({ userId: "U0X", name: "X", ...facts }));
    const answer = await giveFeedback({ incidentId: id, userId: "U0X", useful: true }, world.deps);
    expect(answer.kind).toBe("refused");
    expect(await typesOf(world, id)).not.toContain("feedback_given");
  });

  it("is refused where there is a change to decide on, and unavailable while Slack is", async () => {
    const { world, id } = await abstained();
    const other = await world.openIncident();
    await tell(world, other, assess("C1"));
    const say = (incidentId: IncidentId) =>
      giveFeedback({ incidentId, userId: "U0NED", useful: true }, world.deps);
    expect((await say(other)).kind).toBe("refused");
    world.identity.down = true;
    expect((await say(id)).kind).toBe("unavailable");
  });
});

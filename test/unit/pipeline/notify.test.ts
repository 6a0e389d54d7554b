import { describe, expect, it } from "vitest";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import { later } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { decideMute, type MuteCommand } from "../../../src/domain/mute/decide-mute.ts";
import type { Mode } from "../../../src/domain/policy/mode.ts";
import { notify } from "../../../src/pipeline/notify.ts";
import { changeWrite } from "../../../src/pipeline/stream-writes.ts";
import type { IncidentView } from "../../../src/pipeline/ports/announcer.ts";
import { changeId, correlationId, decisions, incidentId, propose } from "../../support/change-fixtures.ts";
import { join } from "../../support/incident-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { controlsWith } from "../../support/policy-fixtures.ts";
import { incidentWrite, opened } from "../../contract/storage/story-of-streams.ts";

async function given({ awaiting, tellings = 1 }: { awaiting: boolean; tellings?: number }) {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  await store.ledger.commit({
    writes: [incidentWrite(incidentId, 0, [opened("group")])],
    followUps: [{ stage: "notify", subject: incidentId, correlationId }],
  });
  const drafted = decideChange(propose(decisions.queue()), null, clock.now());
  if (drafted.kind === "refused") throw new Error(drafted.reason);
  if (awaiting) await store.ledger.commit({ writes: [changeWrite(changeId, 0, drafted.events)] });
  const shown: IncidentView[] = [];
  const announcer = {
    async show(view: IncidentView) {
      shown.push(view);
      return shown.length < tellings ? ("more" as const) : ("shown" as const);
    },
  };
  const run = async (mode: Mode) => {
    const item = await store.work.claim("notify", incidentId, 15_000);
    if (item === null) throw new Error("expected work");
    const controls = { read: async () => controlsWith({ mode }) };
    const outcome = await notify(item, { store, services: [], announcer, controls });
    await store.work.retry(item, clock.now(), "");
    return outcome;
  };
  return { run, shown, clock, store };
}

describe("the incident of a muted service", () => {
  const by = { userId: "U0MAYA", name: "Maya", reason: "maintenance" };

  async function muted() {
    const world = await given({ awaiting: false });
    const { clock, store } = world;
    const change = async (command: MuteCommand) => {
      const loaded = await store.ledger.muteOf("checkout");
      const answer = decideMute(command, loaded?.state ?? null, clock.now());
      if (answer.kind === "refused") throw new Error(answer.reason);
      const stream = streamOf("mute", "checkout");
      const { events } = answer;
      const expectedVersion = loaded?.version ?? 0;
      await store.ledger.commit({
        writes: [{ kind: "mute", stream, id: "checkout", expectedVersion, events }],
      });
    };
    const tell = async (...commands: IncidentCommand[]) => {
      for (const command of commands) {
        const loaded = await store.ledger.incident(incidentId);
        const answer = decideIncident(command, loaded?.state ?? null, clock.now());
        if (loaded === null || answer.kind === "refused") throw new Error("refused");
        await store.ledger.commit({ writes: [incidentWrite(incidentId, loaded.version, answer.events)] });
      }
    };
    await change({ command: "mute", forMs: 600_000, ...by });
    await tell(join(), { command: "mute", until: later(clock.now(), 600_000), ...by });
    return { ...world, change, tell };
  }

  it("is kept back until the mute is over, also where that was made longer", async () => {
    const { run, shown, clock, change } = await muted();
    expect(await run("approval_required")).toMatchObject({ kind: "again", inMs: 600_000 });
    clock.advance(300_000);
    await change({ command: "mute", forMs: 3_600_000, ...by });
    expect(await run("approval_required")).toMatchObject({ kind: "again", inMs: 3_600_000 });
    expect(shown).toEqual([]);
    clock.advance(3_600_001);
    expect(await run("approval_required")).toEqual({ kind: "nothing_to_do" });
    expect(shown).toHaveLength(1);
  });

  it("is shown at once when somebody ends the mute", async () => {
    const { run, shown, change } = await muted();
    await change({ command: "unmute", ...by });
    await run("approval_required");
    expect(shown).toHaveLength(1);
  });

  it("is never shown where it was over before the mute was", async () => {
    const { run, shown, clock, tell } = await muted();
    await tell(join({ status: "resolved" }));
    clock.advance(3_600_000);
    expect(await run("approval_required")).toEqual({ kind: "nothing_to_do" });
    expect(shown).toEqual([]);
  });
});

it("looks again soon when a change waits for people while the mode hides cards", async () => {
  const { run, shown } = await given({ awaiting: true });
  expect(await run("off")).toMatchObject({ kind: "again", inMs: 30_000 });
  expect(shown).toEqual([]);
  expect(await run("approval_required")).toEqual({ kind: "nothing_to_do" });
  expect(shown).toHaveLength(1);
});

it("is done where the mode hides cards and nothing waits for people", async () => {
  const { run, shown } = await given({ awaiting: false });
  expect(await run("observe")).toEqual({ kind: "nothing_to_do" });
  expect(shown).toEqual([]);
});

it("comes back at once, with the incident as it then is, while the thread has more to tell", async () => {
  const { run, shown } = await given({ awaiting: true, tellings: 3 });
  expect(await run("approval_required")).toMatchObject({ kind: "again", inMs: 0 });
  expect(await run("approval_required")).toMatchObject({ kind: "again", inMs: 0 });
  expect(await run("approval_required")).toEqual({ kind: "nothing_to_do" });
  expect(shown).toHaveLength(3);
});

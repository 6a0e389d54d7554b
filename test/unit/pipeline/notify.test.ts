import { expect, it } from "vitest";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import type { Mode } from "../../../src/domain/policy/mode.ts";
import { notify } from "../../../src/pipeline/notify.ts";
import { changeWrite } from "../../../src/pipeline/propose-change.ts";
import type { IncidentView } from "../../../src/pipeline/ports/announcer.ts";
import { changeId, correlationId, decisions, incidentId, propose } from "../../support/change-fixtures.ts";
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
  return { run, shown };
}

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

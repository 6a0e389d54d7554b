import { describe, expect, it, vi } from "vitest";
import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { drainStage } from "../../../src/pipeline/run-stage.ts";
import { changeId, correlationId, incidentId, onFlag, snapshotOf } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { createInMemoryStore, type InMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { contractWith, controlsWith, exampleRoles } from "../../support/policy-fixtures.ts";
import { incidentWrite, opened } from "../../contract/storage/story-of-streams.ts";

const silent = () => undefined;

const maxAttempts = 8;
const refused = new OpsError("unauthorized", "FeatBit refused the token.");
const away = new OpsError("unreachable", "FeatBit is away.");
const evidence: Evidence = { from: toInstant(0), to: toInstant(1), items: [], gaps: [] };

function waits({ tables }: InMemoryStore): boolean {
  return [...tables.work.values()].some(({ stage }) => stage === "investigate");
}

async function createInvestigation(over: Partial<InvestigateDeps> = {}) {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  await store.ledger.commit({
    writes: [incidentWrite(incidentId, 0, [opened("group")])],
    followUps: [{ stage: "investigate", subject: incidentId, correlationId }],
  });
  const errors: string[] = [];
  const log = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (_: object, message: string) => void errors.push(message),
  };
  const deps: InvestigateDeps = {
    store,
    log,
    services: [],
    controls: { read: async () => controlsWith() },
    rulebook: { contracts: new Map([["flag.turn_off", contractWith()]]), roles: exampleRoles },
    newChangeId: () => changeId,
    flags: {
      refOf: async () => snapshotOf(onFlag()).ref,
      read: async () => snapshotOf(onFlag()),
      segments: async () => [],
    },
    gather: async () => evidence,
    assess: async () => ({
      assessment: assessmentWith(),
      candidates: [
        {
          id: "C1",
          flagKey: onFlag().key,
          flagName: onFlag().name,
          operation: { tool: "flag.turn_off" },
          summary: "Turn it off",
          diff: [],
          maxMovedPercent: 100,
        },
      ],
      transcript: null,
    }),
    ...over,
  };
  let tries = 0;
  return {
    store,
    errors,
    tries: () => tries,
    /** Until nothing of it waits any more, at most `most` tries. */
    toItsEnd: async (most = maxAttempts): Promise<void> => {
      for (let left = most; left > 0 && waits(store); left--) {
        await drainStage(
          "investigate",
          incidentId,
          (item, lastTry) => {
            tries += 1;
            return investigate(item, deps, lastTry);
          },
          { store, log, doorbell: { ring: async () => undefined }, leaseMs: 15_000, maxAttempts },
        );
        clock.advance(60_000);
      }
    },
    incident: async () => (await store.ledger.incident(incidentId))?.state,
  };
}

describe("an investigation", () => {
  it("drafts one change where nothing is in the way", async () => {
    const { toItsEnd, store, tries } = await createInvestigation();
    await toItsEnd();
    expect(tries()).toBe(1);
    expect((await store.ledger.change(changeId))?.state.status).toBe("awaiting_approval");
  });

  it.each([
    ["refused at once", refused, 1, "FeatBit refused the token."],
    ["unreachable to the last try", away, maxAttempts, "FeatBit is away."],
    ["broken by a fault of ours", new Error("undefined is no function"), maxAttempts, "a fault in Signalman"],
  ])("that is %s says so on the card instead of looking for ever", async (_, error, expected, words) => {
    const run = await createInvestigation({ gather: () => Promise.reject(error) });
    await run.toItsEnd();
    expect(run.tries()).toBe(expected);
    const incident = await run.incident();
    expect(incident?.assessment).toMatchObject({ cause: "unknown", candidateId: null, suspects: [] });
    expect(incident?.noChange?.reason).toContain(words);
    expect(run.errors.at(-1)).toContain("Could not be investigated");
    expect(await run.store.work.parked(10)).toEqual([]);
    expect(await run.store.work.claim("notify", incidentId, 15_000)).not.toBeNull();
  });

  it.each([
    ["refused at once", refused, 1],
    ["unreachable to the last try", away, maxAttempts],
  ])("keeps its evidence when the flag to change is %s", async (_, error, expected) => {
    const run = await createInvestigation({
      flags: {
        refOf: async () => snapshotOf(onFlag()).ref,
        read: () => Promise.reject(error),
        segments: async () => [],
      },
    });
    await run.toItsEnd();
    expect(run.tries()).toBe(expected);
    const incident = await run.incident();
    expect(incident?.evidence).not.toBeNull();
    expect(incident?.assessment?.suspects).toHaveLength(1);
    expect(incident?.noChange?.reason).toContain(error.message);
  });

  it("drafts its change after all when the flag can be read again", async () => {
    let asked = 0;
    const run = await createInvestigation({
      flags: {
        refOf: async () => snapshotOf(onFlag()).ref,
        read: async () => {
          asked += 1;
          if (asked < 3) throw away;
          return snapshotOf(onFlag());
        },
        segments: async () => [],
      },
    });
    await run.toItsEnd();
    expect(run.tries()).toBe(3);
    expect((await run.store.ledger.change(changeId))?.state.status).toBe("awaiting_approval");
  });

  it("goes on trying to record that it failed for as long as that cannot be recorded", async () => {
    const run = await createInvestigation({ gather: () => Promise.reject(refused) });
    const commit = vi
      .spyOn(run.store.ledger, "commit")
      .mockRejectedValue(new OpsError("forbidden", "The database is read-only."));
    await run.toItsEnd(20);
    expect(run.tries()).toBe(20);
    expect(await run.store.work.parked(10)).toEqual([]);
    commit.mockRestore();
    await run.toItsEnd(1);
    expect((await run.incident())?.noChange?.reason).toContain(refused.message);
  });
});

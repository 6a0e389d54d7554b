import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { later, toInstant } from "../../../src/domain/ids.ts";
import { contentHash } from "../../../src/domain/ledger/chain.ts";
import type { Mode } from "../../../src/domain/policy/mode.ts";
import { investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { drainStage } from "../../../src/pipeline/run-stage.ts";
import { changeId, correlationId, incidentId, onFlag, snapshotOf } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { createInMemoryStore, type InMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import {
  contractWith,
  controlsWith,
  exampleRoles,
  noGuard,
  noGuardrails,
} from "../../support/policy-fixtures.ts";
import { incidentWrite, muteWrite, opened } from "../../contract/storage/story-of-streams.ts";
import { gather as gatherWorld, rerankerWorld } from "../drafting/world.ts";

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
    sources: [],
    controls: { read: async () => controlsWith() },
    guard: noGuard,
    rulebook: {
      contracts: new Map([["flag.turn_off", contractWith()]]),
      roles: exampleRoles,
      guardrails: noGuardrails,
    },
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
    clock,
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

describe("the incident of a muted service", () => {
  it("is looked at only when the mute is over, whatever time its row says", async () => {
    const gathered = vi.fn(async () => evidence);
    const { store, clock, toItsEnd } = await createInvestigation({ gather: gathered });
    const until = later(clock.now(), 10 * 60_000);
    const by = { at: clock.now(), userId: "U0RITA", reason: "upgrade" };
    await store.ledger.commit({
      writes: [
        incidentWrite(incidentId, 1, [
          // As the mute was when the incident opened; it has been made longer since.
          { type: "muted", ...by, until: later(clock.now(), 60_000), service: "checkout" },
        ]),
        muteWrite("checkout", 0, [{ type: "service_muted", ...by, name: "Rita", until }]),
      ],
    });
    await toItsEnd(5);
    expect(gathered).not.toHaveBeenCalled();
    expect([...store.tables.work.values()].map(({ dueAt }) => dueAt)).toEqual([until]);
    await toItsEnd(6);
    expect(gathered).toHaveBeenCalledOnce();
  });
});

/** An abstention, as it is assessed. */
async function abstaining() {
  return {
    assessment: assessmentWith({ candidateId: null, abstention: "No." }),
    candidates: [],
    transcript: "asked and answered",
  };
}

/** Plays trouble whose evidence says each time that it is too young. */
async function playYoung(over: Partial<Evidence>, looksAgainInMs = 50_000) {
  const gathered: Evidence[] = [];
  const assess = vi.fn(async (...[, , seen]: Parameters<InvestigateDeps["assess"]>) => {
    assessed.push(seen);
    return {
      assessment: assessmentWith({ candidateId: null, abstention: "No." }),
      candidates: [],
      transcript: null,
    };
  });
  const assessed: Evidence[] = [];
  const run = await createInvestigation({
    assess,
    gather: async () => {
      const to = run.clock.now();
      gathered.push({ ...evidence, to, lookAgainAt: later(to, looksAgainInMs), ...over });
      return gathered.at(-1) ?? evidence;
    },
  });
  await run.toItsEnd();
  return { run, gathered, assessed };
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

describe("an investigation that is tried again", () => {
  it("neither gathers nor asks a second time when only the commit failed", async () => {
    const gather = vi.fn(async () => fresh());
    const assess = vi.fn(abstaining);
    const run = await createInvestigation({ gather, assess });
    const fresh = () => ({ ...evidence, to: run.clock.now() });
    vi.spyOn(run.store.ledger, "commit").mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    await run.toItsEnd();
    expect(run.tries()).toBe(3);
    expect(gather).toHaveBeenCalledTimes(1);
    expect(assess).toHaveBeenCalledTimes(1);
    const [assessed] = await run.store.ledger.events(`incident/${incidentId}`, { types: ["assessed"] });
    const { transcript } = z
      .object({ transcript: z.object({ bodyId: z.string(), hash: z.string() }) })
      .parse(assessed?.data);
    expect(await run.store.bodies.get(transcript.bodyId)).toBe("asked and answered");
    expect(transcript.hash).toBe(contentHash("asked and answered"));
  });

  it("gathers anew when what it had is old, and asks about that", async () => {
    const gather = vi.fn(async () => ({ ...evidence, to: run.clock.now() }));
    const assess = vi.fn(async () => {
      if (assess.mock.calls.length < 5) throw away;
      return abstaining();
    });
    const run = await createInvestigation({ gather, assess });
    await run.toItsEnd();
    // A try a minute; evidence is used for two.
    expect(assess).toHaveBeenCalledTimes(5);
    expect(gather).toHaveBeenCalledTimes(2);
  });

  it("does not take up an answer that was given in another mode", async () => {
    let mode: Mode = "approval_required";
    const assess = vi.fn(abstaining);
    const run = await createInvestigation({
      assess,
      gather: async () => ({ ...evidence, to: run.clock.now() }),
      controls: { read: async () => controlsWith({ mode }) },
    });
    vi.spyOn(run.store.ledger, "commit").mockImplementationOnce(async () => {
      mode = "search_only";
      throw away;
    });
    await run.toItsEnd();
    expect(assess).toHaveBeenCalledTimes(2);
    expect((await run.incident())?.withheld?.mode).toBe("search_only");
  });
});

describe("trouble that is too young to be judged", () => {
  it("is looked at once more, then concluded from what there is by then", async () => {
    const { run, gathered, assessed } = await playYoung({});
    expect(gathered).toHaveLength(2);
    expect(assessed).toEqual([gathered[1]]);
    expect(run.errors).toEqual([]);
    expect((await run.incident())?.evidence?.hash).toBe(contentHash(gathered[1]));
  });

  it("is waited for no longer than three minutes", async () => {
    const { gathered, assessed } = await playYoung({}, 3_600_000);
    const [first, second] = gathered.map(({ to }) => Date.parse(to));
    expect((second ?? 0) - (first ?? 0)).toBe(180_000);
    expect(assessed).toHaveLength(1);
  });

  it("is not waited for where a metric shows it already", async () => {
    const [metric] = (await gatherWorld(rerankerWorld())).items.filter((item) => item.kind === "metric");
    if (metric === undefined) throw new Error("the world has no metric");
    const { gathered } = await playYoung({ items: [{ ...metric, trend: "degraded" }] });
    expect(gathered).toHaveLength(1);
  });
});

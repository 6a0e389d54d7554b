import { describe, expect, it } from "vitest";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { Stage } from "../../../src/domain/stage.ts";
import { drainStage, type RunStage } from "../../../src/pipeline/run-stage.ts";
import { stages } from "../../../src/pipeline/stages.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";

const silent = () => undefined;

const leaseMs = 15_000;
const subject = "INC-0000000001";
const refused = new OpsError("unauthorized", "Slack refused the token.");
const away = new OpsError("unreachable", "Slack is away.");

async function createStages(stage: Stage) {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  const errors: string[] = [];
  const log = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (_: object, message: string) => void errors.push(message),
  };
  const { maxAttempts } = stages.find((each) => each.stage === stage) ?? { maxAttempts: 0 };
  const doorbell = { ring: async () => undefined };
  const follow = () => store.ledger.commit({ writes: [], followUps: [{ stage, subject, correlationId }] });
  await follow();
  return {
    store,
    clock,
    errors,
    maxAttempts,
    follow,
    drain: (run: RunStage, ending?: AbortSignal) =>
      drainStage(stage, subject, run, {
        store,
        doorbell,
        log,
        leaseMs,
        maxAttempts,
        ...(ending !== undefined && { ending }),
      }),
    rows: () => [...store.tables.work.values()].map(({ status, dueAt }) => ({ status, dueAt })),
  };
}

describe("notify", () => {
  it.each([
    ["refused", refused],
    ["unreachable", away],
    ["broken", new Error("cannot render")],
  ])("is never given up, however often it is %s, and is tried at least once a minute", async (_, error) => {
    const { drain, rows, clock, errors, store } = await createStages("notify");
    for (let tries = 1; tries <= 300; tries++) {
      await drain(() => Promise.reject(error));
      expect(rows()).toMatchObject([{ status: "waiting" }]);
      const waitMs = Date.parse(rows()[0]?.dueAt ?? "") - Date.parse(clock.now());
      expect(waitMs).toBeLessThanOrEqual(60_000);
      clock.advance(waitMs);
    }
    expect(errors.length).toBeGreaterThan(290);
    expect(await store.work.parked(10)).toEqual([]);
    const shown: number[] = [];
    await drain(async ({ attempt }) => {
      shown.push(attempt);
      return { kind: "nothing_to_do" };
    });
    expect(shown).toEqual([301]);
    expect(rows()).toEqual([]);
  });

  it.each(["ends", "fails"])(
    "has the newest state drawn when a draw that lost its lease %s after another's",
    async (end) => {
      const { drain, store, clock } = await createStages("notify");
      const drawn: string[] = [];
      await drain(async (item) => {
        drawn.push(`try ${item.attempt}`);
        if (item.attempt > 1 || drawn.length > 1) return { kind: "nothing_to_do" };
        // Paused past its lease: another worker draws what is newest meanwhile.
        clock.advance(leaseMs + 1);
        await drain(async ({ attempt }) => {
          drawn.push(`meanwhile, try ${attempt}`);
          return { kind: "nothing_to_do" };
        });
        if (end === "fails") throw away;
        return { kind: "nothing_to_do" };
      });
      expect(drawn).toEqual(["try 1", "meanwhile, try 2", "try 1"]);
      expect(store.tables.work.size).toBe(0);
    },
  );
});

describe("any other stage", () => {
  it("is parked at once by what trying again cannot mend, for all to see", async () => {
    const { drain, errors, store } = await createStages("review");
    await drain(() => Promise.reject(refused));
    expect(errors).toEqual(["Parked after 1 tries: Slack refused the token."]);
    expect(await store.work.parked(10)).toMatchObject([{ stage: "review", subject, error: refused.message }]);
  });

  it("is told which try is its last", async () => {
    const { drain, clock, maxAttempts } = await createStages("investigate");
    const last: boolean[] = [];
    for (let tries = 1; tries <= 8; tries++) {
      await drain(async (_, lastTry) => {
        last.push(lastTry);
        throw away;
      });
      clock.advance(60_000);
    }
    expect(maxAttempts).toBe(8);
    expect(last).toEqual([false, false, false, false, false, false, false, true]);
  });

  it("leaves work alone that somebody else has finished meanwhile", async () => {
    const { drain, store, clock } = await createStages("verify");
    let runs = 0;
    await drain(async () => {
      runs += 1;
      if (runs === 1) {
        clock.advance(leaseMs + 1);
        await drain(async () => {
          runs += 1;
          return { kind: "nothing_to_do" };
        });
      }
      return { kind: "nothing_to_do" };
    });
    expect(runs).toBe(2);
    expect(store.tables.work.size).toBe(0);
  });
});

/** Never ends by itself, as a call that nobody answers. */
function hanging() {
  const ending = new AbortController();
  const runs: (() => void)[] = [];
  const run: RunStage = () =>
    new Promise((resolve) => {
      runs.push(() => resolve({ kind: "nothing_to_do" }));
      ending.abort();
    });
  return { ending: ending.signal, run, runs };
}

describe("when the process ends", () => {
  it("an investigation is handed back, free at once, and what it still wants to write is refused", async () => {
    const { drain, rows, store } = await createStages("investigate");
    const { ending, run } = hanging();
    let late: Promise<unknown> = Promise.resolve();
    await drain((item, lastTry) => {
      late = new Promise((resolve) => setTimeout(resolve, 5)).then(() =>
        store.ledger.commit({ writes: [], finish: item }),
      );
      return run(item, lastTry);
    }, ending);
    expect(rows()).toMatchObject([{ status: "waiting" }]);
    expect(await late).toEqual({ kind: "lease_lost" });
    expect(await store.work.claim("investigate", subject, leaseMs)).toMatchObject({ attempt: 2 });
  });

  it("nothing new is begun", async () => {
    const { drain, rows } = await createStages("investigate");
    await drain(() => Promise.reject(new Error("it was begun")), AbortSignal.abort());
    expect(rows()).toMatchObject([{ status: "waiting" }]);
  });

  it("an execution is not: its write may be under way, so whoever is next waits for its lease", async () => {
    const { drain, rows } = await createStages("execute");
    const { ending, run, runs } = hanging();
    const drained = drain(run, ending);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rows()).toMatchObject([{ status: "held" }]);
    for (const end of runs) end();
    await drained;
    expect(rows()).toEqual([]);
  });
});

import { type Instant, later, toInstant } from "../../src/domain/ids.ts";
import type { KeptCheckpoint } from "../../src/domain/ledger/verify-ledger.ts";
import type {
  Commit,
  CommitResult,
  FollowUp,
  NewDelivery,
  Posting,
  Store,
} from "../../src/pipeline/ports/storage.ts";
import { inMemoryBudgets } from "./in-memory-budgets.ts";
import { inMemoryOutsideChanges } from "./in-memory-outside-changes.ts";
import { inMemoryInbox } from "./in-memory-inbox.ts";
import { inMemoryLedger } from "./in-memory-ledger.ts";
import { emptyTables, putBody, type Tables } from "./in-memory-tables.ts";
import { inMemoryWork } from "./in-memory-work.ts";

/** The store's clock. By default it stands still until somebody moves it. */
export interface Clock {
  now(): Instant;
}

export interface MovableClock extends Clock {
  advance(ms: number): void;
}

export function movableClock(start: Instant = toInstant(Date.UTC(2026, 10, 21, 3))): MovableClock {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => {
      now = later(now, ms);
    },
  };
}

/** The process "died" here; nothing after it ran. Not an OpsError: no loop may obey it. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export interface InMemoryStore extends Store {
  readonly tables: Tables;
  /** Everything that was asked to be committed, with its answer, in order. */
  readonly commits: { commit: Commit; result: CommitResult }[];
  /** A coming `commit` (the next, or one after `skip` others) dies before it takes effect, or right after. */
  crash(when: "before" | "after", skip?: number): void;
}

/**
 * The port `Store` in memory, as faithful as the real one: expected versions, both uniqueness rules, one waiting
 * row per stage and subject, leases and epochs by an injected clock, all of a commit or nothing. It is held to
 * the same suite as the real stores.
 */
export function createInMemoryStore({
  clock = movableClock(),
  onCommitted = () => undefined,
  onAccepted = () => undefined,
}: {
  clock?: Clock;
  onCommitted?: (followUps: readonly FollowUp[]) => void;
  onAccepted?: (deliveries: readonly NewDelivery[]) => void;
} = {}): InMemoryStore {
  const tables = emptyTables();
  const commits: InMemoryStore["commits"] = [];
  let crashing: { when: "before" | "after"; skip: number } | null = null;
  const ledger = inMemoryLedger(tables, clock);
  const kept: (KeptCheckpoint & { at: Instant })[] = [];
  const leases = new Map<string, { holder: string; epoch: number; expiresAt: number }>();
  const postings = new Map<string, Posting>();

  return {
    tables,
    commits,
    crash: (when, skip = 0) => {
      crashing = { when, skip };
    },
    inbox: inMemoryInbox(tables, clock, onAccepted),
    work: inMemoryWork(tables, clock),
    ledger: {
      ...ledger,
      async commit(commit) {
        const crash = crashing?.skip === 0 ? crashing.when : null;
        crashing = crashing === null || crash !== null ? null : { ...crashing, skip: crashing.skip - 1 };
        // As over a network: between the call and its effect others have their turn.
        await Promise.resolve();
        if (crash === "before") throw new Crash("died before the commit");
        const result = await ledger.commit(commit);
        commits.push({ commit, result });
        if (crash === "after") throw new Crash("died after the commit");
        if (result.kind === "committed") onCommitted(commit.followUps ?? []);
        return result;
      },
    },
    checkpoints: {
      newest: async () => kept.at(-1) ?? null,
      above: async (size, limit) => kept.filter((each) => each.size > size).slice(0, limit),
      async put(checkpoint) {
        if (kept.some(({ size }) => size === checkpoint.size)) return;
        kept.push({ ...checkpoint, at: clock.now() });
        kept.sort((a, b) => a.size - b.size);
      },
    },
    bodies: {
      async put(body) {
        putBody(tables, body, clock.now());
      },
      async get(id) {
        const body = tables.bodies.get(id);
        return body === undefined || body.removedAt !== null ? null : body.text;
      },
      removedAt: async (id) => tables.bodies.get(id)?.removedAt ?? null,
      async remove(kind, olderThanMs, limit) {
        const before = later(clock.now(), -olderThanMs);
        const old = [...tables.bodies.values()]
          .filter((body) => body.kind === kind && body.removedAt === null && body.madeAt < before)
          .toSorted((a, b) => (a.madeAt < b.madeAt ? -1 : 1))
          .slice(0, limit);
        for (const body of old) tables.bodies.set(body.id, { ...body, text: "", removedAt: clock.now() });
        return old.length;
      },
    },
    postings: {
      get: async (subject, part) => postings.get(`${subject} ${part}`) ?? null,
      byMessage: async (channel, ts) =>
        [...postings.values()].find((posting) => posting.channel === channel && posting.ts === ts) ?? null,
      ofSubject: async (subject) =>
        [...postings.values()]
          .filter((posting) => posting.subject === subject)
          .toSorted((a, b) => (`${a.ts} ${a.part}` < `${b.ts} ${b.part}` ? -1 : 1)),
      async record(posting) {
        const key = `${posting.subject} ${posting.part}`;
        if (posting.ts >= (postings.get(key)?.ts ?? "")) postings.set(key, posting);
      },
    },
    leases: {
      async take(name, holder, leaseMs) {
        const now = Date.parse(clock.now());
        const held = leases.get(name);
        const over = held === undefined || held.expiresAt < now;
        if (!over && held.holder !== holder) return null;
        const epoch = (held?.epoch ?? 0) + (over || held.holder !== holder ? 1 : 0);
        leases.set(name, { holder, epoch, expiresAt: now + leaseMs });
        return { epoch };
      },
      async release(name, holder) {
        const held = leases.get(name);
        if (held?.holder === holder) leases.set(name, { ...held, expiresAt: Number.NEGATIVE_INFINITY });
      },
    },
    outsideChanges: inMemoryOutsideChanges(tables, clock),
    budgets: inMemoryBudgets(clock),
    now: async () => clock.now(),
  };
}

import { join } from "node:path";
import type { Pool } from "pg";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../src/adapters/postgres/store.ts";
import { decideChange } from "../../src/domain/change/decide-change.ts";
import { toInstant } from "../../src/domain/ids.ts";
import { canonicalJson, canonicalText, chainHash, firstPrevHash } from "../../src/domain/ledger/chain.ts";
import { castVote, type CastVoteDeps } from "../../src/pipeline/people/cast-vote.ts";
import type { Store } from "../../src/pipeline/ports/storage.ts";
import { changeWrite, incidentWrite } from "../../src/pipeline/stream-writes.ts";
import { acknowledged, opened } from "../contract/storage/story-of-streams.ts";
import { decisions, onFlag, propose, proposalFor } from "../support/change-fixtures.ts";
import {
  contractWith,
  controlsWith,
  exampleRoles,
  homeTeam,
  noGuard,
  noGuardrails,
  personWith,
} from "../support/policy-fixtures.ts";
import { runSignalman, writeSettings } from "../support/signalman.ts";
import { signLedger } from "../support/sign-ledger.ts";
import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { median, noiseOf, rounded, spread, table } from "./harness/figures.ts";
import { fillLedger, freshIds } from "./harness/fill-ledger.ts";
import { openPlace, type Place } from "../support/place.ts";

export const name = "ledger";
export const summary = "append, verify, and approve with a thousand entries against many (--size, a million)";

const full = { size: 1_000_000, rounds: 5, votes: 150, appendMs: 3000 };
const short = { size: 100_000, rounds: 3, votes: 60, appendMs: 1500 };
const few = 1000;
const writers = 8;
const perCommit = 5;

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  const size = options.size ?? plan.size;
  await using stack = new AsyncDisposableStack();
  const open = async (entries: number) => stack.use(await openFilled(options, entries));
  const small = await open(few);
  const again = await open(few);
  const large = await open(size);
  options.say(`filled: ${size} entries`);

  const checkpointed = await timed(() =>
    signLedger(large.store, join(large.place.dataFolder, "ledger"), 600_000),
  );
  const verified = await timed(() => verify(large, size));
  const perHundredThousand = (ms: number) => rounded((ms / 1000) * (100_000 / size));
  options.say(`checkpoints ${seconds(checkpointed)}, verify ${seconds(verified)}`);

  const approvals = await measureRounds(
    [approving("a thousand", small), approving("a thousand again", again), approving("many", large)].map(
      (arm) => ({
        ...arm,
        measure: () => arm.measure(plan.votes),
      }),
    ),
    plan.rounds,
    options,
    (ms) => `${rounded(ms)} ms a vote`,
  );
  const appends = await measureRounds(
    [
      appending("bare", (n) => appendBare(small.pool, n), plan.appendMs),
      appending("ours", (n) => append(small.store, n), plan.appendMs),
    ],
    plan.rounds,
    options,
    (rate) => `${Math.round(rate)} entries/s`,
  );

  const pairs = of(approvals, "a thousand").map(
    (ms, round) => [ms, of(approvals, "a thousand again")[round] ?? ms] as const,
  );
  const ratios = of(approvals, "many").map((ms, round) => {
    const [one, other] = pairs[round] ?? [ms, ms];
    return ms / ((one + other) / 2);
  });
  options.say(
    table(
      ["arm", "ms a vote"],
      [...approvals].map(([arm, values]) => [arm, spread(values)]),
    ),
  );
  return {
    entries: size,
    checkpoint_s_per_100k: perHundredThousand(checkpointed),
    verify_s_per_100k: perHundredThousand(verified),
    approve_ms_few: rounded(median(of(approvals, "a thousand"))),
    approve_ms_many: rounded(median(of(approvals, "many"))),
    approve_ratio: rounded(median(ratios)),
    noise: rounded(noiseOf(pairs)),
    append_per_s: Math.round(median(of(appends, "ours"))),
    append_ceiling_per_s: Math.round(median(of(appends, "bare"))),
    append_ratio: rounded(
      median(of(appends, "ours").map((rate, round) => rate / (of(appends, "bare")[round] ?? rate))),
    ),
  };
}

function of(measured: ReadonlyMap<string, number[]>, arm: string): number[] {
  return measured.get(arm) ?? [];
}

interface Filled extends AsyncDisposable {
  place: Place;
  pool: Pool;
  store: Store;
  /** Counts what is added, so that no id comes twice. */
  added: number;
}

async function openFilled({ store }: BenchOptions, entries: number): Promise<Filled> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  const pool = createPool({ ...(await place.connect()), max: writers }, () => undefined);
  stack.defer(() => pool.end());
  await migrate(pool);
  await fillLedger(pool, entries);
  const owned = stack.move();
  return {
    place,
    pool,
    store: createStore(pool),
    added: 0,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As an auditor types it, the start of the program included. */
async function verify({ place }: Filled, entries: number): Promise<void> {
  writeSettings(place.folder, { database: { dataFolder: place.dataFolder } });
  const { code, output } = await runSignalman(["audit", "verify"], place.folder, place.env, 600_000);
  if (code !== 0 || !output.includes(`intact: ${entries} entries`)) throw new Error(output);
}

/** The vote that completes the quorum: permission, policy, decision and commit; Slack and FeatBit answer at once. */
function approving(arm: string, filled: Filled) {
  const person = personWith({ userId: "U0RITA", name: "Rita" });
  const deps: CastVoteDeps = {
    store: filled.store,
    controls: { read: async () => controlsWith() },
    guard: noGuard,
    rulebook: {
      contracts: new Map([["flag.turn_off", contractWith()]]),
      roles: exampleRoles,
      guardrails: noGuardrails,
    },
    identity: { homeTeamId: async () => homeTeam, person: async () => person },
  };
  return {
    name: arm,
    async measure(votes: number): Promise<number> {
      const waiting = await proposeMany(filled, votes);
      const times: number[] = [];
      for (const { changeId, digest } of waiting) {
        const vote = {
          changeId,
          version: 1,
          digest,
          vote: "approve",
          rationale: "",
          userId: person.userId,
        } as const;
        times.push(
          await timed(async () => {
            const answer = await castVote(vote, deps);
            if (answer.kind !== "done") throw new Error(JSON.stringify(answer));
          }),
        );
      }
      return median(times);
    },
  };
}

async function proposeMany(filled: Filled, count: number) {
  const now = await filled.store.now();
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { incidentId, changeId } = freshIds((filled.added += 1));
      const fixed = proposalFor({ tool: "flag.turn_off" }, onFlag({ key: `flag-${changeId}` }));
      const proposal = { ...fixed, action: { ...fixed.action, session: incidentId } };
      const command = { ...propose(decisions.queue(), proposal), incidentId };
      const answer = decideChange(command, null, now);
      if (answer.kind === "refused") throw new Error(answer.reason);
      const result = await filled.store.ledger.commit({
        writes: [
          incidentWrite(incidentId, 0, [opened(`group ${incidentId}`)]),
          changeWrite(changeId, 0, answer.events),
        ],
      });
      if (result.kind !== "committed") throw new Error(result.kind);
      return { changeId, digest: proposal.digest };
    }),
  );
}

let appended = 0;

function appending(arm: string, once: (n: number) => Promise<void>, forMs: number): Arm<number> {
  return {
    name: arm,
    async measure() {
      const end = performance.now() + forMs;
      let commits = 0;
      await Promise.all(
        Array.from({ length: writers }, async () => {
          while (performance.now() < end) {
            await once((appended += 1));
            commits += 1;
          }
        }),
      );
      return (commits * perCommit * 1000) / forMs;
    },
  };
}

/** A new incident with its first entries in one commit. */
async function append(store: Store, n: number): Promise<void> {
  const { incidentId } = freshIds(500_000_000 + n);
  const events = [
    opened(`group ${incidentId}`),
    ...Array.from({ length: perCommit - 1 }, (_, each) => acknowledged(`p${each}`)),
  ];
  const result = await store.ledger.commit({ writes: [incidentWrite(incidentId, 0, events)] });
  if (result.kind !== "committed") throw new Error(result.kind);
}

/** The least that could do it: the same rows, hashed, in one statement; no state, no lock, no check. */
async function appendBare(pool: Pool, n: number): Promise<void> {
  const { incidentId } = freshIds(700_000_000 + n);
  const stream = `incident/${incidentId}` as const;
  const events = [
    opened(`group ${incidentId}`),
    ...Array.from({ length: perCommit - 1 }, (_, each) => acknowledged(`p${each}`)),
  ];
  let prevHash = firstPrevHash;
  const rows = events.map(({ type, at, ...data }, index) => {
    const hash = chainHash(
      prevHash,
      canonicalText({ stream, version: index + 1, type, at: toInstant(Date.parse(at)), data }),
    );
    const row = { version: index + 1, type, at, data: canonicalJson(data), prev_hash: prevHash, hash };
    prevHash = hash;
    return row;
  });
  await pool.query(
    `insert into events (stream, version, type, at, data, prev_hash, hash)
     select $1, version, type, at, data, prev_hash, hash from json_to_recordset($2)
       as row (version int, type text, at text, data text, prev_hash text, hash text)`,
    [stream, JSON.stringify(rows)],
  );
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function seconds(ms: number): string {
  return `${rounded(ms / 1000)} s`;
}

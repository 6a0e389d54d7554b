import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Stage } from "../../../src/domain/stage.ts";
import { until } from "../../support/until.ts";
import type { Aim, Fault } from "../harness/armed-faults.ts";
import type { Lane } from "../harness/lane.ts";
import { startLoad } from "../harness/load.ts";
import { betweenAll, expectThat, outside, type Scene, wholeRound } from "../harness/outside.ts";
import { nextAlert, playRound } from "../harness/round.ts";
import type { SentAlert } from "../harness/sender.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

/** A database that says nothing is given up after a second and a half, sooner than a sender gives up. */
const hasty: LaneKind = {
  ...betweenAll,
  name: "a proxy before the database",
  patches: [
    ...(betweenAll.patches ?? []),
    {
      file: "adapters/postgres/create-pool.ts",
      find: "connectionTimeoutMillis: 5_000",
      put: "connectionTimeoutMillis: 1_500",
    },
    { file: "adapters/postgres/create-pool.ts", find: "query_timeout: 15_000", put: "query_timeout: 1_500" },
    {
      file: "adapters/queue/postgres-backend.ts",
      find: "query_timeout: 15_000",
      put: "query_timeout: 1_500",
    },
  ],
};
const accepting: Aim = { match: /insert into inbox/ };

function expectRefused({ answers, retryAfter }: SentAlert): void {
  expectThat(answers.at(-1) === 503, "the alert is refused with 503", answers.join());
  expectThat(Number(retryAfter) > 0, "it is said when to try again", retryAfter);
}

async function decided(scene: Scene): Promise<void> {
  await scene.people.approvedBy("ruth");
  await wholeRound(scene);
}

/** While the database cannot be had nothing is acknowledged; afterwards all goes on by itself. */
const lasting: Record<string, Fault | "refused"> = {
  refused: "refused",
  "no answer": { kind: "hang" },
  "reset before": { kind: "reset" },
  "half-closed": { kind: "half_close" },
};
/** Whether it was committed is not known: the sender is refused, sends it again, and there is one row. */
const unknown: Record<string, Fault> = {
  "reset after": { kind: "reset", after: true },
  "no answer after": { kind: "hang", after: true },
  "truncated answer": { kind: "truncate" },
};

const proxied = [
  ...Object.entries(lasting).map(([words, fault]) =>
    outside(
      "postgres",
      `PostgreSQL · ${words}`,
      async (_lane, scene) => {
        if (fault === "refused") await scene.proxy.refuse();
        else scene.proxy.arm(fault, { times: Infinity });
        expectRefused(await scene.attempt());
        await scene.proxy.mend();
        await scene.fire();
        await decided(scene);
      },
      { lane: hasty, stores: ["postgres"] },
    ),
  ),
  ...Object.entries(unknown).map(([words, fault]) =>
    outside(
      "postgres",
      `PostgreSQL · ${words}`,
      async (_lane, scene) => {
        scene.proxy.arm(fault, accepting);
        const { answers } = await scene.fire();
        expectThat(answers.join() === "503,202", "it is refused and then taken", answers.join());
        await decided(scene);
      },
      { lane: hasty, stores: ["postgres"] },
    ),
  ),
  outside(
    "postgres",
    "PostgreSQL · no answer to who listens anew",
    async (_lane, scene) => {
      scene.proxy.arm({ kind: "hang" }, { match: /LISTEN/, times: Infinity });
      scene.proxy.cut();
      await until("queues to listen anew", () => scene.struck() >= Stage.options.length, {
        timeoutMs: 20_000,
      });
      await scene.proxy.mend();
      await scene.fire();
      await decided(scene);
    },
    { lane: hasty, stores: ["postgres"] },
  ),
];

const underLoad: LaneKind = { name: "a database that is killed", mostTrials: 2, heavy: true };

/** Every sender of the load insists, and so do the people of its rounds: it ends only where all of it was recovered. */
const crashes = Object.entries({ "kill -9": "SIGKILL", "immediate stop": "SIGQUIT" } as const).map(
  ([words, signal]): Trial => ({
    name: `database · ${words} under load`,
    kind: "database crash",
    lane: underLoad,
    times: { quick: 1, full: 10 },
    async run(lane, draw) {
      const load = startLoad(lane, draw);
      await delay(draw.between(500, 2_500));
      lane.note(`${words} of the database`);
      await crash(lane, signal);
      const refusedOnce = () => lane.sender.sent.some(({ answers }) => answers.includes(503));
      await until("an alert to be refused", refusedOnce, { timeoutMs: 20_000 });
      await lane.place.postgres?.start();
      await load.end();
      return 1;
    },
  }),
);

async function crash({ place, dataFolder }: Lane, signal: "SIGKILL" | "SIGQUIT"): Promise<void> {
  if (place.postgres !== null) return place.postgres.kill(signal);
  // Signalman starts the one that came along again by itself.
  const file = join(dataFolder, "postgres", "data", "postmaster.pid");
  process.kill(Number(readFileSync(file, "utf8").split("\n")[0]), signal);
}

/** As a standby is, or a database whose disk is full: it can be read and not written. */
const readOnly: Trial = {
  name: "database · read-only",
  kind: "outside fault",
  stores: ["embedded", "postgres"],
  lane: { name: "a database that is read-only for a while" },
  async run(lane) {
    const alert = nextAlert(lane);
    await setReadOnly(lane, true);
    try {
      const refused = await lane.sender.attempt(alert);
      expectRefused(refused);
    } finally {
      await setReadOnly(lane, false);
    }
    await playRound(lane);
    return 1;
  },
};

/** For connections from now on; those that are open are cut when it begins, and left alone when it ends. */
function setReadOnly(lane: Lane, on: boolean): Promise<void> {
  return lane.withPool(async (pool) => {
    const { rows } = await pool.query<{ name: string }>("select current_database() as name");
    const name = rows[0]?.name ?? "";
    const does = on ? "set default_transaction_read_only = on" : "reset default_transaction_read_only";
    await pool.query(`begin read write; alter database ${name} ${does}; commit`);
    if (!on) return;
    await pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = $1 and application_name = 'signalman'",
      [name],
    );
  });
}

export const trials: readonly Trial[] = [...proxied, ...crashes, readOnly];

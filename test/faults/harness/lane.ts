import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import type { Pool } from "pg";
import { databaseOn, type Queryable } from "../../../src/adapters/postgres/database.ts";
import { openPool } from "../../../src/commands/store/open-pool.ts";
import { loadDatabase } from "../../../src/config/load-config.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { World } from "../../../src/sandbox/world/create-world.ts";
import { createPlay, type Play } from "../../support/incident-play.ts";
import { buildWorld } from "../../support/open-shop.ts";
import { openPlace, type Place, type StoreName } from "../../support/place.ts";
import { until } from "../../support/until.ts";
import { hurry, noteReconciliations, roomy } from "./hurry.ts";
import { type Patch, writePatches } from "./patches.ts";
import { plantMetrics } from "./planted-metrics.ts";
import { createSender, type Sender } from "./sender.ts";
import { type Supervised, supervise } from "./supervised.ts";
import type { LaneKind } from "./trial.ts";

/** One world, one place to keep things, and Signalman between them, which is started again whenever it ends. */
export interface Lane extends AsyncDisposable {
  store: StoreName;
  kind: LaneKind;
  world: World;
  play: Play;
  sender: Sender;
  /** The processes of Signalman, in the order of `roles`; empty before `start` where a trial starts them. */
  processes: readonly Supervised[];
  /** Signalman's working folder, with its `signalman.yml`, and its variables: for its own commands. */
  folder: string;
  dataFolder: string;
  /** Where it keeps things, to be killed and started again. */
  place: Pick<Place, "postgres" | "redis">;
  env: Record<string, string>;
  /** A credential that stands in every alert and must appear nowhere. */
  secret: string;
  start(): Promise<void>;
  /** All processes are there and ready. */
  ready(): Promise<void>;
  /** Has the next process that passes a point of `crash-points.ts` killed, or stopped, there. */
  arm(point: string, signal?: "SIGKILL" | "SIGSTOP"): Armed;
  /** Writes a line into the trace that is shown with a counter-example. */
  note(line: string): void;
  trace(): readonly string[];
  /** What all processes logged. */
  log(): string;
  /** Asks the database beside Signalman, for as long as `ask` takes. */
  withPool<T>(ask: (pool: Queryable) => Promise<T>): Promise<T>;
  /** What was noted of operations whose outcome was not known. */
  reconciliations(): Reconciled[];
}

export interface Armed {
  struck(): boolean;
  /** Waits until it has struck. */
  strike(timeoutMs?: number): Promise<void>;
}

export interface Reconciled {
  at: number;
  operationId: string;
  found: "applied" | "not_applied" | "unclear";
}

/** `patches`: more of them, such as a mutant's. */
export async function openLane(
  kind: LaneKind,
  store: StoreName,
  patches: readonly Patch[] = [],
): Promise<Lane> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace(store));
  const port = await freePort();
  const world = stack.use(
    await buildWorld({
      quiet: true,
      verifyAfterSeconds: 1,
      ...kind.world,
      dataFolder: place.dataFolder,
      port,
    }),
  );
  if (kind.world?.quiet !== false) plantMetrics(world);
  const notes = join(place.folder, "reconciliations");
  writeFileSync(notes, "");
  const all = [...hurry, ...roomy, noteReconciliations(notes), ...(kind.patches ?? []), ...patches];
  const patched = writePatches(place.folder, all);
  const settings = { ...world.settings, ...settingsOfLanes(place.folder, world.settings) };
  const env: Record<string, string> = { ...world.env, ...place.env };
  const outside = stack.use(new AsyncDisposableStack());
  await kind.point?.({ world, settings, env, store, stack: outside });

  const roles = kind.roles ?? ["all"];
  const folders = roles.map((_, index) => join(place.folder, `process-${index}`));
  for (const folder of folders) mkdirSync(folder);
  const [folder = place.folder] = folders;
  const began = performance.now();
  const trace: string[] = [];
  const note = (line: string): void => {
    trace.push(`${((performance.now() - began) / 1000).toFixed(2)} s  ${line}`);
  };
  const secret = `ghp_${crypto.randomUUID().replaceAll("-", "")}Zq9x`;
  const processes: Supervised[] = [];
  const running = stack.use(new AsyncDisposableStack());
  const database = () => loadDatabase({ env, cwd: folder });

  const lane: Omit<Lane, typeof Symbol.asyncDispose> = {
    store,
    kind,
    world,
    play: createPlay(world),
    sender: createSender(`http://127.0.0.1:${port}`, world.env["ALERTMANAGER_SECRET"] ?? ""),
    processes,
    folder,
    dataFolder: place.dataFolder,
    place,
    env,
    secret,
    async start() {
      for (const [index, role] of roles.entries()) {
        const own = { ...settings, ...(index > 0 && { server: { host: "127.0.0.1", port: 0 } }) };
        const cwd = folders[index] ?? folder;
        processes.push(
          running.use(
            supervise({
              pointed: { settings: own, env: { ...env, ...patched.env } },
              folder: cwd,
              ...(role !== "all" && { role }),
              note,
            }),
          ),
        );
      }
      await lane.ready();
    },
    ready: async () => void (await Promise.all(processes.map((each) => each.ready()))),
    arm(point, signal) {
      const file = patched.arm(point, signal);
      note(`armed ${point}`);
      const struck = () => existsSync(file);
      return {
        struck,
        async strike(timeoutMs = 30_000) {
          await until(`${point} to strike`, struck, { timeoutMs, seen: lane.play.everything });
          note(`${point} has struck`);
        },
      };
    },
    note,
    trace: () => trace,
    log: () => processes.map((each) => each.log()).join("\n"),
    async withPool(ask) {
      await using opened = await openPool(database());
      return await ask(patient(opened.pool));
    },
    reconciliations: () =>
      readFileSync(notes, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line): Reconciled => JSON.parse(line)),
  };
  if (kind.startedByTrial !== true) await lane.start();
  const owned = stack.move();
  return { ...lane, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const patienceMs = 15_000;

/** A Signalman that is killed may take the embedded database along: then the question is asked again. */
function patient(pool: Pool): Queryable {
  const database = databaseOn(pool);
  return {
    async query(sql, values) {
      for (const giveUpAt = performance.now() + patienceMs; ; await delay(100)) {
        try {
          return await database.query(sql, values);
        } catch (error) {
          const isAway = error instanceof OpsError && error.code === "unreachable";
          if (!isAway || performance.now() > giveUpAt) throw error;
        }
      }
    },
  };
}

/** Many rounds of one alert one after another, whose changes have no effect on the planted metrics, are nothing unusual. */
function settingsOfLanes(
  folder: string,
  { timing, sources }: Record<string, unknown>,
): Record<string, unknown> {
  const governance = join(folder, "governance");
  cpSync(join(import.meta.dirname, "..", "..", "..", "governance"), governance, { recursive: true });
  const rules = join(governance, "guardrails.yml");
  const text = readFileSync(rules, "utf8");
  const lenient = text.replace("minimumSamples: 10\n", "minimumSamples: 10000\n");
  if (lenient === text) throw new Error("governance/guardrails.yml names no minimumSamples: 10 any more");
  writeFileSync(rules, lenient);
  return {
    documents: { governance },
    intake: { mostOpenIncidents: 1000, flapping: { times: 20, within: "1s", quiet: "1s" } },
    timing: { ...Object(timing), sweepEvery: "1s" },
    sources: Array.isArray(sources)
      ? sources.map((each: object) => ({ ...each, grouping: { by: ["alertname"], interval: "0s" } }))
      : [],
  };
}

/** Below those that systems hand out by themselves: between two lives of Signalman nobody else gets it. */
async function freePort(): Promise<number> {
  const server = createServer();
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const taken = await once(server.listen(port, "127.0.0.1"), "listening").then(
      () => false,
      () => true,
    );
    if (taken) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, type PoolConfig } from "pg";
import { stringify } from "yaml";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../src/adapters/postgres/migrate.ts";
import { thisMachine } from "../../src/commands/doctor.ts";
import type { Machine } from "../../src/commands/doctor/check.ts";
import { ofSettings } from "../../src/commands/doctor/check-configuration.ts";
import { type Examination, examine } from "../../src/commands/doctor/examine.ts";
import { inspectConfig } from "../../src/config/load-config.ts";
import { createWorld, type World } from "../../src/sandbox/world/create-world.ts";
import { availableDatabases } from "../support/databases.ts";
import { openRedis, type TestRedis } from "../support/redis.ts";

// Anything may be spoilt: the settings are what a person would have typed.
// oxlint-disable-next-line typescript/no-explicit-any
export type Typed = any;

/** A sandbox that is set up well, for a seed to spoil one thing of. */
export interface Setup {
  world: World;
  /** `signalman.yml` as it will be written. */
  settings: Typed;
  env: Record<string, string>;
  /** Names that stand in `.env`. */
  dotEnv: string[];
  machine: Machine;
  folder: string;
  /** Asks the database as its owner. */
  sql: (text: string) => Promise<void>;
  /** A database without anything in it. */
  emptyDatabase: () => Promise<string>;
  redis: TestRedis | null;
  /** What a seed opens ends with the set-up. */
  stack: AsyncDisposableStack;
}

export interface Stage extends AsyncDisposable {
  /** `ownDatabase`: one that may be spoilt; the others share one, for a copy takes longer than everything else. */
  open: (ownDatabase: boolean) => Promise<Setup>;
  /** Whether the database's server lets its settings be changed: the one that came along does not. */
  hasOwnServer: boolean;
}

const timeoutMs = 4_000;

/** One database server for all set-ups, and everything else anew for each. `redis`: the program, where there is one. */
export async function openStage(redis: string | null): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const database = availableDatabases().at(-1);
  if (database === undefined) throw new Error("there is no database to try");
  const server = stack.use(await database.open());
  const connection = await server.database();
  const template = "signalman_seeded";
  const original = "signalman_original";
  await query(connection, `create database ${template}`);
  const pool = createPool({ ...connection, database: template }, () => undefined);
  await migrate(pool);
  await pool.end();
  // A database that somebody uses cannot be copied.
  await query(connection, `create database ${original} template ${template}`);
  let databases = 0;

  async function open(ownDatabase: boolean): Promise<Setup> {
    await using own = new AsyncDisposableStack();
    const folder = mkdtempSync("/tmp/signalman-seeded-");
    chmodSync(folder, 0o711);
    own.defer(() => rmSync(folder, { recursive: true, force: true }));
    const name = ownDatabase ? `seeded_${databases++}` : template;
    if (ownDatabase) await query(connection, `create database ${name} template ${original}`);
    const world = own.use(
      await createWorld({ dataFolder: join(folder, "data"), quiet: true, withModel: true }),
    );
    const env: Record<string, string> = {
      ...world.env,
      ALERTMANAGER_SECRET: randomBytes(32).toString("hex"),
      GENERIC_SECRET: randomBytes(32).toString("hex"),
      DATABASE_URL: urlOf(connection, name),
    };
    const running = redis === null ? null : own.use(await openRedis(redis, ["--appendonly", "yes"]));
    if (running !== null) env["REDIS_URL"] = running.url;
    const settings: Typed = structuredClone(world.settings);
    measure(world, settings);
    const { sql, emptyDatabase } = {
      sql: (text: string) => query({ ...connection, database: name }, text),
      emptyDatabase: async () => {
        const empty = `seeded_${databases++}`;
        await query(connection, `create database ${empty}`);
        return urlOf(connection, empty);
      },
    };
    const kept = own.move();
    return {
      world,
      settings,
      env,
      dotEnv: [],
      machine: thisMachine,
      folder,
      sql,
      emptyDatabase,
      redis: running,
      stack: kept,
    };
  }

  const owned = stack.move();
  return {
    open,
    hasOwnServer: database.title.startsWith("system"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the doctor says of a set-up as it is now. */
export async function diagnose({ settings, env, dotEnv, machine, folder }: Setup): Promise<Examination[]> {
  writeFileSync(join(folder, "signalman.yml"), typeof settings === "string" ? settings : stringify(settings));
  const origin = { env, cwd: folder, dotEnv, fromEnvironment: Object.keys(env) };
  const { config, findings } = inspectConfig({ role: "all", ...origin });
  if (config === null) {
    return [{ check: "configuration", findings: ofSettings(findings) }];
  }
  return examine({ config, configFindings: findings, origin, machine, timeoutMs });
}

/** Plain queries with data in them: what services really measure is no matter here. */
function measure({ prometheus }: World, settings: Typed): void {
  const now = Date.now();
  for (let at = now - 10 * 60_000; at < now; at += 30_000) {
    prometheus.store.append("healthy", { service: "shop" }, 1, at);
    prometheus.store.append("deployment_info", { service: "shop", version: "1.2.3" }, 1, at);
  }
  for (const service of settings.services) {
    service.queries = [
      { id: "healthy", title: "Healthy", promql: "avg(healthy)", unit: "", badDirection: "down" },
    ];
    if (service.deployQuery !== undefined) service.deployQuery = "deployment_info";
  }
}

async function query(connection: PoolConfig, text: string): Promise<void> {
  const client = new Client(connection);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function urlOf({ host, port, user, password }: PoolConfig, database: string): string {
  const where = new URLSearchParams({ host: host ?? "", port: String(port ?? 5432) });
  const secret = typeof password === "string" ? `:${encodeURIComponent(password)}` : "";
  return `postgresql://${user}${secret}@localhost/${database}?${where.toString()}`;
}

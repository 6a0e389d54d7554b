import type { Seed } from "../seed.ts";
import type { Setup } from "../setup.ts";

const serverSetting = async ({ sql }: Setup, setting: string, value: string): Promise<void> => {
  await sql(`alter system set ${setting} = ${value}`);
  await sql("select pg_reload_conf()");
  // The server reads its settings soon, not at once.
  await sql("select pg_sleep(0.3)");
};

const redisSetting = async ({ redis }: Setup, setting: string, value: string): Promise<void> => {
  const { Redis } = await import("ioredis");
  const client = new Redis(redis?.url ?? "");
  await client.call("CONFIG", "SET", setting, value);
  client.disconnect();
};

export const storeSeeds: readonly Seed[] = [
  {
    name: "the database cannot be reached",
    check: "database",
    severity: "error",
    words: /PostgreSQL cannot be reached: connect ECONNREFUSED/,
    spoil: ({ env }) => void (env["DATABASE_URL"] = "postgresql://signalman:x@127.0.0.1:9/signalman"),
  },
  {
    name: "DATABASE_URL is no address",
    check: "configuration",
    severity: "error",
    words: /DATABASE_URL must look like/,
    spoil: ({ env }) => void (env["DATABASE_URL"] = "mysql://db/signalman"),
  },
  {
    name: "a database that does not exist",
    check: "database",
    severity: "error",
    words: /database "nowhere" does not exist/,
    spoil: ({ env }) =>
      void (env["DATABASE_URL"] = (env["DATABASE_URL"] ?? "").replace(/\/seeded_\d+/, "/nowhere")),
  },
  {
    name: "fsync is off",
    check: "database",
    severity: "error",
    words: /runs with fsync = off/,
    needs: "server",
    spoil: (setup) => serverSetting(setup, "fsync", "off"),
    alone: (setup) => serverSetting(setup, "fsync", "on"),
  },
  {
    name: "full_page_writes is off",
    check: "database",
    severity: "error",
    words: /runs with full_page_writes = off/,
    needs: "server",
    spoil: (setup) => serverSetting(setup, "full_page_writes", "off"),
    alone: (setup) => serverSetting(setup, "full_page_writes", "on"),
  },
  {
    name: "synchronous_commit is off",
    check: "database",
    severity: "error",
    words: /runs with synchronous_commit = off/,
    spoil: ({ sql }) =>
      sql(
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$",
      ),
  },
  {
    name: "migrations are pending",
    check: "database",
    severity: "warning",
    words: /migrations are pending/,
    spoil: async ({ env, emptyDatabase }) => void (env["DATABASE_URL"] = await emptyDatabase()),
  },
  {
    name: "a database that a newer Signalman has used",
    check: "database",
    severity: "error",
    words: /have migration 999-later\.sql, which this Signalman does not know/,
    spoil: ({ sql }) =>
      sql("insert into signalman.migrations (name, checksum) values ('999-later.sql', 'x')"),
  },
  {
    name: "a migration that was edited after it was applied",
    check: "database",
    severity: "error",
    words: /differs from the one that was applied/,
    spoil: ({ sql }) =>
      sql(
        "update signalman.migrations set checksum = 'x' where name = (select min(name) from signalman.migrations)",
      ),
  },
  {
    name: "a database user who may not make the schema",
    check: "database",
    severity: "error",
    words: /may not make Signalman's schema/,
    needs: "server",
    async spoil({ env, emptyDatabase, sql }) {
      const url = new URL(await emptyDatabase());
      await sql(
        "do $$ begin create role seeded_guest login password 'guest'; exception when duplicate_object then null; end $$",
      );
      url.username = "seeded_guest";
      url.password = "guest";
      env["DATABASE_URL"] = url.href;
    },
  },
  {
    name: "Redis cannot be reached",
    check: "queue",
    severity: "error",
    words: /Redis at 127\.0\.0\.1:9 cannot be used/,
    spoil: ({ env }) => void (env["REDIS_URL"] = "redis://127.0.0.1:9"),
  },
  {
    name: "REDIS_URL is no address of Redis",
    check: "configuration",
    severity: "error",
    words: /REDIS_URL must begin with/,
    spoil: ({ env }) => void (env["REDIS_URL"] = "http://127.0.0.1:6379"),
  },
  {
    name: "Redis keeps no journal",
    check: "queue",
    severity: "warning",
    words: /appendonly no/,
    needs: "redis",
    spoil: (setup) => redisSetting(setup, "appendonly", "no"),
  },
  {
    name: "Redis leaves its journal to the system",
    check: "queue",
    severity: "warning",
    words: /appendfsync no/,
    needs: "redis",
    spoil: (setup) => redisSetting(setup, "appendfsync", "no"),
  },
  {
    name: "Redis evicts",
    check: "queue",
    severity: "error",
    words: /maxmemory-policy allkeys-lru/,
    needs: "redis",
    spoil: (setup) => redisSetting(setup, "maxmemory-policy", "allkeys-lru"),
  },
  {
    name: "the disk is nearly full",
    check: "machine",
    severity: "error",
    words: /100 MB are free where the data lies/,
    spoil(setup) {
      delete setup.env["DATABASE_URL"];
      setup.machine = { ...setup.machine, freeBytes: async () => 100 * 1024 * 1024 };
    },
  },
  {
    name: "an old Node",
    check: "machine",
    severity: "error",
    words: /This is Node v22/,
    spoil: (setup) => void (setup.machine = { ...setup.machine, nodeVersion: "v22.11.0" }),
  },
];

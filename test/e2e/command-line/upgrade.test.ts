import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { packagedBinaries, packageName } from "../../../src/adapters/postgres/embedded/server-binaries.ts";
import { fetchPackage } from "../../../src/commands/archive/fetch-package.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { missing } from "../../support/databases.ts";
import { plantFirstRelease } from "../../support/first-release.ts";
import { writeSettings } from "../../support/signalman.ts";
import { runCli } from "./run-cli.ts";

const undo = new AsyncDisposableStack();
const folder = mkdtempSync("/tmp/signalman-upgrade-");
chmodSync(folder, 0o711);
undo.defer(() => rmSync(folder, { recursive: true, force: true }));
const dataFolder = join(folder, "data");
const postgres = join(dataFolder, "postgres");
/** The folder of the package of PostgreSQL 17; null where npm cannot fetch it. */
let from: string | null = null;

const cli = (...args: string[]) => runCli(args, { cwd: folder });

async function on<Result>(binaries: string, use: (pool: Pool) => Promise<Result>): Promise<Result> {
  await using server = await createEmbeddedPostgres({ dataFolder, binaries, log: () => undefined });
  const pool = createPool({ ...server.connection, max: 1 }, () => undefined);
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}

async function rowsOf(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(
    "select stream, version, position, type, at, data, prev_hash, hash from events order by stream, version",
  );
  return rows;
}

beforeAll(async () => {
  try {
    // Once for the whole file, as the command itself does it.
    from = undo.use(await fetchPackage(`${packageName()}@17.10.0-beta.17`)).folder;
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    missing(`the package of PostgreSQL 17, which npm fetches (${error.message})`);
    return;
  }
  writeSettings(folder, { database: { dataFolder: "./data" } });
  await on(join(from, "native"), plantFirstRelease);
}, 120_000);
afterAll(() => undo.disposeAsync());

it("refuses data of PostgreSQL 17 with the remedy, and a wrong package or a running Signalman before anything is touched", async () => {
  if (from === null) return;
  const native = join(from, "native");
  const refused = await cli("audit", "verify");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(
    /was made by PostgreSQL 17, this Signalman brings 18\. Stop every Signalman on it and run "signalman upgrade"/,
  );
  const ours = join(packagedBinaries(), "..");
  expect((await cli("upgrade", "--from", ours)).stderr).toMatch(
    /The data are of PostgreSQL 17, and .* is that of 18\. Unpack @embedded-postgres\/\S+@17/,
  );
  expect((await cli("upgrade", "--from", "/nowhere")).stderr).toContain("There is no folder /nowhere.");
  await on(native, async () => {
    const { code, stderr } = await cli("upgrade", "--from", from ?? "");
    expect(code).toBe(2);
    expect(stderr).toContain("A Signalman runs on");
  });
  const elsewhere = await runCli(["upgrade"], { cwd: folder, env: { DATABASE_URL: "postgresql://u@h/d" } });
  expect(elsewhere.stderr).toContain("DATABASE_URL is set");
  expect(readFileSync(join(postgres, "data", "PG_VERSION"), "utf8")).toBe("17\n");
}, 60_000);

it("carries everything over, keeps the old folder, and leaves all as it was where the copy fails", async () => {
  if (from === null) return;
  const native = join(from, "native");
  const before = await on(native, async (pool) => {
    await pool.query("insert into migrations (name, checksum) values ('9003-later.sql', 'x')");
    return await rowsOf(pool);
  });
  const failed = await cli("upgrade", "--from", from);
  expect(failed).toMatchObject({ code: 2, stdout: "" });
  expect(failed.stderr).toContain("9003-later.sql, which this Signalman does not know");
  expect(readdirSync(postgres).filter((name) => /^(data.|upgrade)/.test(name))).toEqual([]);
  await on(native, (pool) => pool.query("delete from migrations where name like '9%'"));

  const done = await cli("upgrade", "--from", from);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(done.stdout).toMatch(
    /^Carried over from PostgreSQL 17 to 18: 97 rows of \d+ tables, compared\.\nThe old folder is kept: \S+\/data\.postgres-17\. .*\nsignalman audit verify: The ledger is intact: 37 entries/,
  );
  expect(readFileSync(join(postgres, "data.postgres-17", "PG_VERSION"), "utf8")).toBe("17\n");
  expect(existsSync(join(postgres, "upgrade"))).toBe(false);
  expect(await on(packagedBinaries(), rowsOf)).toEqual(before);
  expect((await cli("upgrade")).stdout).toMatch(/The data are of PostgreSQL 18 already/);
}, 90_000);

it("goes on at the next start where a crash left the new folder beside an empty place", async () => {
  if (from === null) return;
  renameSync(join(postgres, "data"), join(postgres, "data.upgraded"));
  const { code, stdout } = await cli("audit", "verify");
  expect(stdout).toContain("The ledger is intact: 37 entries");
  expect(code).toBe(0);
  expect(existsSync(join(postgres, "data.upgraded"))).toBe(false);
}, 60_000);

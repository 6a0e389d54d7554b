import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Pool, PoolConfig } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { restoreArchive } from "../../../src/adapters/postgres/archive/restore-archive.ts";
import { writeArchive } from "../../../src/adapters/postgres/archive/write-archive.ts";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { DeliveryId } from "../../../src/domain/ids.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";
import { availableDatabases, missing } from "../../support/databases.ts";
import { plantFirstRelease } from "../../support/first-release.ts";
import { launcher, workFolder, writeSettings } from "../../support/signalman.ts";
import { signLedger } from "../../support/sign-ledger.ts";
import { runCli } from "./run-cli.ts";

const undo = new AsyncDisposableStack();
const origin = undo.use(workFolder());
let pool: Pool;

const at = (folder: string, ...args: string[]) => runCli(args, { cwd: folder });
const settings = { database: { dataFolder: "./data" } };
/** What cannot be written as text: the ends of what a text column of COPY may hold. */
const awkward = Buffer.from("a\\.b\n\\.\n\ttab \\N \\x00 \u{1F525} \0 end", "utf8");

beforeAll(async () => {
  writeSettings(origin.path, settings);
  const server = undo.use(
    await createEmbeddedPostgres({ dataFolder: origin.dataFolder, log: () => undefined }),
  );
  pool = createPool({ ...server.connection, max: 4 }, () => undefined);
  undo.defer(() => pool.end());
  await plantFirstRelease(pool);
  await migrate(pool);
  await createStore(pool).inbox.accept({ ...delivery("odd", "\\.\n\t\\N"), body: awkward });
});
afterAll(() => undo.disposeAsync());

/** A digest of every table's rows, and how many there are. */
async function contents(of: Pool): Promise<Record<string, unknown>> {
  const { rows } = await of.query<{ table: string }>(
    "select relname as table from pg_class where relnamespace = 'signalman'::regnamespace and relkind = 'r'",
  );
  const found: Record<string, unknown> = {};
  for (const { table } of rows) {
    const columns = table === "migrations" ? "name, checksum" : "*";
    const { rows: sums } = await of.query(
      `select count(*)::int as rows, md5(string_agg(t::text, E'\n' order by t::text)) as digest from (select ${columns} from ${table}) t`,
    );
    found[table] = sums[0];
  }
  return found;
}

async function inDatabase<Result>(
  connection: PoolConfig,
  use: (of: Pool) => Promise<Result>,
): Promise<Result> {
  const other = createPool({ ...connection, max: 2 }, () => undefined);
  try {
    return await use(other);
  } finally {
    await other.end();
  }
}

it("backs up beside who works on it, as of one moment, and brings all of it back", async () => {
  await signLedger(createStore(pool), join(origin.dataFolder, "ledger"));
  const before = await contents(pool);
  const file = join(origin.path, "one.backup");
  const written = await at(origin.path, "backup", file);
  expect(written).toMatchObject({ code: 0, stderr: "" });
  expect(written.stdout).toMatch(/rows of \d+ tables as of .*, among them 37 entries of the ledger\./);
  expect(written.stdout).toContain("With checkpoint.txt and public-keys.txt.");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(gunzipSync(readFileSync(file)).includes("signing-key.pem")).toBe(false);
  expect(await contents(pool)).toEqual(before);

  using other = workFolder();
  writeSettings(other.path, settings);
  const restored = await at(other.path, "restore", file);
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(restored.stdout).toMatch(
    /^Restored: \d+ rows of \d+ tables, as Signalman .*\nsignalman audit verify: The ledger is intact: 37 entries/,
  );
  expect(readdirSync(join(other.dataFolder, "ledger")).toSorted()).toEqual([
    "checkpoint.txt",
    "public-keys.txt",
  ]);
  await using server = await createEmbeddedPostgres({ dataFolder: other.dataFolder, log: () => undefined });
  await inDatabase(server.connection, async (copy) => {
    expect(await contents(copy)).toEqual(before);
    // What comes next is numbered behind what came back.
    const store = createStore(copy);
    const next = delivery("odd", "next");
    await store.inbox.accept(next);
    const [first, second] = await store.inbox.claim("odd", 10, 1000);
    expect(Buffer.from(first?.body ?? []).equals(awkward)).toBe(true);
    expect(first?.deliveryKey).toBe("\\.\n\t\\N");
    expect(second?.id).toBe(next.id);
  });
}, 60_000);

it("takes one moment while rows keep coming, and the key only when it is asked for", async () => {
  const store = createStore(pool);
  const enough = new AbortController();
  let last = 0;
  const writing = (async () => {
    for (let n = 1; !enough.signal.aborted; n += 1) {
      await store.inbox.accept({ ...delivery("busy", `n${n}`), id: DeliveryId.parse(randomUUID()) });
      last = n;
    }
  })();
  await expect.poll(() => last).toBeGreaterThan(5);
  const file = join(origin.path, "busy.backup");
  const { code, stdout, stderr } = await at(origin.path, "backup", file, "--with-key", "--json");
  enough.abort();
  await writing;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ file, files: expect.arrayContaining(["signing-key.pem"]) });
  using other = workFolder();
  writeSettings(other.path, settings);
  expect((await at(other.path, "restore", file)).code).toBe(0);
  const key = join(other.dataFolder, "ledger", "signing-key.pem");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  await using server = await createEmbeddedPostgres({ dataFolder: other.dataFolder, log: () => undefined });
  await inDatabase(server.connection, async (copy) => {
    const { rows } = await copy.query<{ n: number; most: number }>(
      "select count(*)::int as n, max(substr(delivery_key, 2)::int) as most from inbox where source_id = 'busy'",
    );
    // One after the other was written, so of one moment are all of them up to one.
    expect(rows[0]?.n).toBe(rows[0]?.most);
    expect(rows[0]?.n).toBeGreaterThan(0);
  });
  await pool.query("delete from inbox where source_id = 'busy'");
}, 60_000);

it("writes over nothing, and leaves nothing behind where there is no room or no such folder", async () => {
  const taken = join(origin.path, "taken.backup");
  writeFileSync(taken, "mine");
  const refused = await at(origin.path, "backup", taken);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("is there already, and a backup takes nobody's place");
  expect(readFileSync(taken, "utf8")).toBe("mine");

  const filled = await at(origin.path, "restore", join(origin.path, "one.backup"));
  expect(filled).toMatchObject({ code: 2, stdout: "" });
  expect(filled.stderr).toContain(
    "There is data of a Signalman already, and a restore never writes over any.",
  );

  const nowhere = await at(origin.path, "backup", join(origin.path, "no", "folder"));
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toMatch(/cannot be written \(ENOENT\)/);

  using room = workFolder();
  const script = 'ulimit -f 8; exec "$0" "$1" backup "$2"';
  const small = join(room.path, "small.backup");
  let said = "";
  try {
    execFileSync("/bin/bash", ["-c", script, process.execPath, launcher, small], {
      cwd: origin.path,
      stdio: "pipe",
      encoding: "utf8",
    });
  } catch (error) {
    said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  }
  expect(said).toContain(`There is no room for ${small} (EFBIG). Make room or choose another place`);
  expect(readdirSync(room.path).filter((name) => name.includes("small"))).toEqual([]);
}, 60_000);

it("restores nothing of what is damaged, cut, foreign or newer; the place stays empty and takes a whole one", async () => {
  const whole = gunzipSync(readFileSync(join(origin.path, "one.backup"))).toString("latin1");
  const lines = whole.split("\n");
  const events = lines.findIndex((line) => line.startsWith('{"table":"events"'));
  const swapped = lines.with(events + 1, lines[events + 2] ?? "").with(events + 2, lines[events + 1] ?? "");
  const bad: [name: string, bytes: Buffer, said: RegExp][] = [
    [
      "cut.backup",
      readFileSync(join(origin.path, "one.backup")).subarray(0, 20_000),
      /cut or damaged \(Z_BUF_ERROR\)/,
    ],
    ["short.backup", packed(lines.slice(0, events + 5).join("\n")), /damaged: it ends in the middle/],
    [
      "edited.backup",
      packed(whole.replace("Ruth Lindqvist", "Rudi Lindqvist")),
      /rows are not those that were written/,
    ],
    ["swapped.backup", packed(swapped.join("\n")), /rows are not those that were written/],
    [
      "table.backup",
      packed(whole.replace('{"table":"postings"', '{"table":"migrations"')),
      /not one of the version/,
    ],
    [
      "newer.backup",
      packed(whole.replace('"0003-upkeep.sql"', '"9003-later.sql"')),
      /9003-later\.sql, which this Signalman does not know/,
    ],
    [
      "form.backup",
      packed(whole.replace("signalman backup 1", "signalman backup 2")),
      /a form that this Signalman does not know/,
    ],
    ["foreign.backup", gzipSync("hello\n"), /This is no backup of Signalman/],
    ["plain.backup", Buffer.from("hello\n"), /no backup of Signalman, or it is cut or damaged/],
  ];
  using other = workFolder();
  writeSettings(other.path, settings);
  // One server for all of them, as beside a Signalman that runs.
  await using server = await createEmbeddedPostgres({ dataFolder: other.dataFolder, log: () => undefined });
  for (const [name, bytes, said] of bad) {
    const file = join(other.path, name);
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await at(other.path, "restore", file);
    expect({ name, code, stdout }).toEqual({ name, code: 2, stdout: "" });
    expect(stderr).toMatch(said);
  }
  expect((await at(other.path, "restore", join(other.path, "absent"))).stderr).toMatch(
    /cannot be read \(ENOENT\)/,
  );
  await inDatabase(server.connection, async (empty) => {
    expect((await empty.query("select 1 where to_regnamespace('signalman') is not null")).rowCount).toBe(0);
  });
  expect((await at(other.path, "restore", join(origin.path, "one.backup"))).code).toBe(0);
}, 60_000);

function packed(text: string): Buffer {
  return gzipSync(Buffer.from(text, "latin1"), { level: 1 });
}

it("leaves alone what a Signalman has taken in that was started on the empty place meanwhile", async () => {
  using other = workFolder();
  await using server = await createEmbeddedPostgres({ dataFolder: other.dataFolder, log: () => undefined });
  await inDatabase(server.connection, async (copy) => {
    const taken = delivery("late", "taken in meanwhile");
    const started = async function* () {
      await migrate(copy);
      await createStore(copy).inbox.accept(taken);
      yield* writeArchive(pool, { version: "0", now: new Date() }, () => undefined);
    };
    await expect(restoreArchive(copy, started())).rejects.toThrow("has been started on this database");
    const kept = await createStore(copy).inbox.claim("late", 10, 1000);
    expect(kept.map(({ id }) => id)).toEqual([taken.id]);
    expect(await contents(copy)).toMatchObject({ events: { rows: 0 } });
  });
}, 60_000);

it("goes to a PostgreSQL of one's own and back, and pg_dump does there what the manual says", async () => {
  const system = availableDatabases().find(({ title }) => title.startsWith("system"));
  if (system === undefined) return;
  await using server = await system.open();
  const [first, second] = [await server.database(), await server.database()];
  const on = (database: PoolConfig, ...args: string[]) =>
    runCli(args, { cwd: origin.path, env: { DATABASE_URL: url(database) } });
  const restored = await on(first, "restore", join(origin.path, "one.backup"));
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.stdout).toContain("audit verify: The ledger is intact: 37 entries");
  expect((await on(first, "backup", join(origin.path, "back.backup"))).code).toBe(0);

  const tools = pgTools();
  if (tools === null) return;
  const dump = join(origin.path, "signalman.dump");
  execFileSync(join(tools, "pg_dump"), [
    `--dbname=${url(first)}`,
    "--schema=signalman",
    "--format=custom",
    `--file=${dump}`,
  ]);
  execFileSync(join(tools, "pg_restore"), [`--dbname=${url(second)}`, "--no-owner", dump]);
  expect((await on(second, "audit", "verify")).stdout).toContain("The ledger is intact: 37 entries");
  const [a, b] = [await inDatabase(first, contents), await inDatabase(second, contents)];
  expect(b).toEqual(a);
}, 60_000);

function url({ host, user, database }: PoolConfig): string {
  return `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(String(host))}`;
}

/** The folder with pg_dump and pg_restore. */
function pgTools(): string | null {
  const parent = "/usr/lib/postgresql";
  const found = readdirSync(parent)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, "bin"))
    .find((bin) => readdirSync(bin).includes("pg_dump"));
  if (found === undefined) missing("pg_dump (looked in /usr/lib/postgresql/*/bin)");
  return found ?? null;
}

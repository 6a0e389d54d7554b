import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PoolConfig } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createNotary } from "../../../src/adapters/notary/create-notary.ts";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import {
  acknowledged,
  changeWrite,
  incidentWrite,
  newChangeId,
  newIncidentId,
  opened,
  proposed,
} from "../../contract/storage/story-of-streams.ts";
import { signLedger } from "../../support/sign-ledger.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

/** The database's administrator against the auditor: both by what they really have at hand. */
const undo = new AsyncDisposableStack();
const folder = undo.use(emptyFolder());
const at = (...names: string[]) => join(folder.path, ...names);
const change = newChangeId();
const evil = '=HYPERLINK("http://evil.example")';
let pool: ReturnType<typeof createPool>;
let store: ReturnType<typeof createStore>;

const cli = (...args: string[]) => runCli(["audit", ...args], { cwd: folder.path });
const verify = (...args: string[]) => cli("verify", ...args);

const minute = (n: number) => toInstant(Date.parse("2026-11-21T02:00:00Z") + n * 60_000);

async function write(count: number): Promise<void> {
  const id = newIncidentId();
  const events = [
    opened(`group ${id}`, evil),
    ...Array.from({ length: count - 1 }, (_, n) => acknowledged(`p${n}`)),
  ];
  const timed = events.map((event, index) => ({ ...event, at: minute(index) }));
  await store.ledger.commit({ writes: [incidentWrite(id, 0, timed)] });
  while ((await store.ledger.sequence(1000)) > 0);
}

function sha256(...parts: (string | Buffer)[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
}

const sign = () => signLedger(store, at("data", "ledger"));

/** What a superuser does who does not want to be seen; afterwards all is as it was. */
async function tampered(statements: string, look: () => Promise<void>): Promise<void> {
  await pool.query(
    "create table saved_events as table events; create table saved_checkpoints as table checkpoints",
  );
  const guards = (word: string) =>
    pool.query(`alter table events ${word} trigger user; alter table checkpoints ${word} trigger user`);
  await guards("disable");
  try {
    await pool.query(statements);
    await guards("enable");
    await look();
  } finally {
    await guards("disable");
    await pool.query(
      `delete from events; delete from checkpoints; insert into events overriding system value table saved_events;
       insert into checkpoints table saved_checkpoints; drop table saved_events; drop table saved_checkpoints;
       create unique index if not exists events_position on events (position) where position is not null`,
    );
    await guards("enable");
  }
}

beforeAll(async () => {
  writeFileSync(at("signalman.yml"), "database: { dataFolder: ./data }\n");
  const server = undo.use(await createEmbeddedPostgres({ dataFolder: at("data"), log: () => undefined }));
  pool = createPool({ ...server.connection, max: 3 }, () => undefined);
  undo.defer(() => pool.end());
  await migrate(pool);
  store = createStore(pool);
  await write(5);
  await store.ledger.commit({ writes: [changeWrite(change, 0, proposed("checkout"))] });
  await write(5);
  await sign();
});
afterAll(() => undo.disposeAsync());

describe("audit verify", () => {
  test("says what is proven, by which key, and how much is not covered yet", async () => {
    const { code, stdout, stderr } = await verify();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^The ledger is intact: 12 entries in 3 streams, positions 0 to 11\.$/m);
    expect(stdout).toMatch(/^Checkpoints in the database that fit: 1\. Every entry is covered\.$/m);
    expect(stdout).toMatch(/^The checkpoint from outside the database fits: 12 entries\.$/m);
    expect(stdout).toContain(
      `Public key: ${readFileSync(at("data", "ledger", "public-keys.txt"), "utf8").trim()}`,
    );
    await write(1);
    const later: unknown = JSON.parse((await verify("--json")).stdout);
    expect(later).toMatchObject({ kind: "intact", proven: true, entries: 13, covered: 12, uncovered: 1 });
    expect((await verify()).stdout).toContain("1 of the newest entries is not covered yet");
    await sign();
  });

  test.each([
    [
      "an edit",
      "update events set data = replace(data, 'p1', 'p7') where position = 2",
      /version 3 \(position 2\)/,
    ],
    ["a deletion", "delete from events where position = 6", /at position 6: Position 6 is missing/],
    [
      "an insertion",
      `drop index events_position;
       insert into events (stream, version, position, type, at, data, prev_hash, hash)
       select 'incident/INC-0000000000', 1, 4, type, at, data, prev_hash, hash from events where position = 0`,
      /\(position 4\)/,
    ],
    [
      "two entries exchanged",
      `update events set position = -1 where position = 5; update events set position = 5 where position = 7;
       update events set position = 7 where position = -1`,
      /at incident\/\S+, version 1 \(position 5\): It is not the entry that was here/,
    ],
    [
      "a cut of entries and checkpoints",
      "delete from events where position >= 12; delete from checkpoints where size > 12",
      /at position 12: The ledger ends before position 12, but the checkpoint of \S+checkpoint\.txt was signed over 13/,
    ],
    [
      "a stream removed whole, and the rest numbered anew",
      `drop index events_position;
       delete from events where stream = (select stream from events where position = 5);
       update events set position = position - 2 where position > 6`,
      /\(position 5\): It is not the entry that was here when the checkpoint of 12 entries was signed/,
    ],
  ])("%s by a superuser: the first bad entry, and exit code 1", async (_, statements, said) => {
    await tampered(statements, async () => {
      const { code, stdout } = await verify();
      expect(stdout).toMatch(said);
      expect(code).toBe(1);
    });
  });

  test("a key that is another one, or none, proves nothing", async () => {
    const other = await createNotary({ keyFile: null, folder: at("other") });
    const [{ origin }] = z
      .tuple([z.object({ origin: z.string() })])
      .parse([{ origin: readFileSync(at("data", "ledger", "checkpoint.txt"), "utf8").split("\n")[0] }]);
    await other.sign({ origin, size: 1, root: "" });
    const wrong = await verify("--key", at("other", "public-keys.txt"));
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/^The ledger is BROKEN .*: .*not by a known key/);
    const none = await verify("--key", at("signalman.yml"));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("holds no public key") });
    expect((await verify("--key", at("missing"))).code).toBe(2);
    writeFileSync(at("elsewhere.yml"), "database: { dataFolder: ./elsewhere }\n");
    mkdirSync(at("elsewhere"));
    const keyless = await runCli(["audit", "verify", "--config", at("elsewhere.yml")], {
      cwd: folder.path,
      env: { DATABASE_URL: urlOf(pool.options) },
    });
    expect(keyless.stdout).toContain("NOT PROVEN: there is no public key here");
    expect(keyless.code).toBe(1);
  });

  test("a checkpoint that was kept elsewhere counts too", async () => {
    copyFileSync(at("data", "ledger", "checkpoint.txt"), at("kept.txt"));
    expect((await verify("--checkpoint", at("kept.txt"))).code).toBe(0);
    const { stdout, code } = await verify("--checkpoint", at("signalman.yml"));
    expect(stdout).toMatch(
      /BROKEN outside the database: The checkpoint of \S+signalman\.yml: It is no signed checkpoint/,
    );
    expect(code).toBe(1);
  });
});

test("audit show says which checkpoint covers a change", async () => {
  const { stdout } = await cli("show", change);
  expect(stdout.split("\n")[1]).toBe("positions 5 to 6, covered by the checkpoint of 12 entries");
});

describe("audit export", () => {
  const Line = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("checkpoint"), size: z.int(), note: z.string() }),
    z.strictObject({
      kind: z.literal("entry"),
      position: z.int(),
      canonical: z.string(),
      prevHash: z.string(),
      hash: z.string(),
    }),
    z.strictObject({ kind: z.literal("skipped"), position: z.int(), entries: z.int(), hash: z.string() }),
  ]);

  /** As docs/ledger.md tells others to do it, with nothing of ours: the root over what the file holds. */
  function rootOf(text: string) {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
    const [first, ...rest] = lines;
    if (first?.kind !== "checkpoint") throw new Error("the first line is the checkpoint");
    const stack: { at: number; entries: number; hash: Buffer }[] = [];
    for (const each of rest) {
      if (each.kind === "checkpoint" || each.position >= first.size) continue;
      const isEntry = each.kind === "entry";
      if (isEntry) {
        expect(sha256(`${each.prevHash}\n${each.canonical}`).toString("hex")).toBe(each.hash);
      }
      const hash = isEntry
        ? sha256(Buffer.from([0]), `${each.canonical}\n${each.hash}`)
        : Buffer.from(each.hash, "hex");
      let node = { at: each.position, entries: isEntry ? 1 : each.entries, hash };
      for (;;) {
        const left = stack.at(-1);
        if (left === undefined || left.entries !== node.entries || left.at % (2 * left.entries) !== 0) break;
        stack.pop();
        node = {
          at: left.at,
          entries: 2 * left.entries,
          hash: sha256(Buffer.from([1]), left.hash, node.hash),
        };
      }
      stack.push(node);
    }
    const root = stack
      .map(({ hash }) => hash)
      .reduceRight((right, left) => sha256(Buffer.from([1]), left, right));
    return { lines, root: root.toString("base64"), signed: first.note.split("\n")[2] };
  }

  test("jsonl: the root of the checkpoint follows from the file alone, of all entries and of some", async () => {
    const all = await cli("export", "--format", "jsonl");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    const whole = rootOf(all.stdout);
    expect(whole.lines.filter(({ kind }) => kind === "entry")).toHaveLength(13);
    expect(whole.root).toBe(whole.signed);
    const none = await cli("export", "--format", "jsonl", "--since", "2030-01-01");
    const skipped = rootOf(none.stdout);
    expect(skipped.lines.map(({ kind }) => kind)).toEqual(["checkpoint", "skipped", "skipped", "skipped"]);
    expect(skipped.root).toBe(whole.signed);
    const some = await cli("export", "--format", "jsonl", "--since", minute(1), "--until", minute(3));
    const partly = rootOf(some.stdout);
    expect(partly.lines.filter(({ kind }) => kind === "entry")).toMatchObject([
      { position: 1 },
      { position: 2 },
      { position: 8 },
      { position: 9 },
    ]);
    expect(partly.root).toBe(whole.signed);
  });

  test("csv: a row an entry, with what an audit asks for, and no cell that a spreadsheet would run", async () => {
    const file = at("export.csv");
    expect(await cli("export", "--format", "csv", "--out", file)).toMatchObject({ code: 0, stdout: "" });
    const [head = "", ...rows] = readFileSync(file, "utf8").trimEnd().split("\r\n");
    expect(rows).toHaveLength(13);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const columns = head.split(",");
    expect(columns).toContain("hard_authorization");
    const decided = rows.find((row) => row.includes(",decided,")) ?? "";
    expect(decided).toContain(`,change/${change},2,decided,`);
    expect(decided).toContain(",flag.turn_off,");
    expect(decided).toContain(",passed,");
    expect(decided).toContain(",queue_for_review approval_required test,");
    expect(rows[0]).toContain(`"'${evil.replaceAll('"', '""')}"`);
    for (const row of [head, ...rows]) expect(row).not.toMatch(/(^|,)"?[=+\-@\t]/);
    const again = await cli("export", "--format", "csv", "--out", file);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("name a new file") });
  });

  test.each([
    [["export"], "Say --format jsonl or --format csv."],
    [["export", "--format", "csv", "--since", "yesterday"], "--since takes a time such as"],
    [["verify", "--out", "x"], '"audit verify" takes no --out.'],
    [["export", "--format", "csv", "all"], 'There is one word too many: "all".'],
  ])("%j is told what is wrong with it", async (args, said) => {
    expect(await cli(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(said) });
  });
});

describe("the signing key", () => {
  test("is made once, for this account alone", async () => {
    const file = at("data", "ledger", "signing-key.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    await createNotary({ keyFile: null, folder: at("data", "ledger") });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("is refused, with the remedy, where others may read it, where it is of another kind, or where it is missing", async () => {
    const open = at("open.pem");
    copyFileSync(at("data", "ledger", "signing-key.pem"), open);
    chmodSync(open, 0o644);
    const take = (keyFile: string) => createNotary({ keyFile, folder: at("data", "ledger") });
    await expect(take(open)).rejects.toThrow(/Others may read .*open\.pem \(mode 0644\).*chmod 600/);
    chmodSync(open, 0o600);
    expect(await take(open)).toBeDefined();
    writeFileSync(open, "no key", { mode: 0o600 });
    await expect(take(open)).rejects.toThrow(
      /no private key in PEM form.*openssl genpkey -algorithm ed25519/,
    );
    await expect(take(at("nowhere.pem"))).rejects.toThrow(/cannot be read \(ENOENT\).*LEDGER_KEY_FILE/);
    writeFileSync(at("a-file"), "");
    await expect(createNotary({ keyFile: null, folder: at("a-file", "ledger") })).rejects.toThrow(
      "database.dataFolder",
    );
  });
});

/** A server on a Unix socket has its folder behind the question mark. */
function urlOf({ host = "", user = "", database = "" }: PoolConfig): string {
  return `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
}

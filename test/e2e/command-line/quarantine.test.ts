import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import type { Store } from "../../../src/pipeline/ports/storage.ts";
import { at, delivery } from "../../contract/storage/story-of-streams.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const undo = new AsyncDisposableStack();
const folder = undo.use(emptyFolder());
let store: Store;

const cli = (...args: string[]) => runCli(args, { cwd: folder.path });

async function quarantine(sourceId: string, reason: string, body = "{}") {
  const one = { ...delivery(sourceId, null, body) };
  await store.inbox.accept(one);
  const settlement = { outcome: "quarantined" as const, reason };
  await store.ledger.commit({ writes: [], settle: [{ id: one.id, settlement }] });
  return one.id;
}

beforeAll(async () => {
  writeFileSync(join(folder.path, "signalman.yml"), "database: { dataFolder: ./data }\n");
  const dataFolder = join(folder.path, "data");
  const server = undo.use(await createEmbeddedPostgres({ dataFolder, log: () => undefined }));
  const pool = createPool({ ...server.connection, max: 3 }, () => undefined);
  undo.defer(() => pool.end());
  await migrate(pool);
  store = createStore(pool);
}, 60_000);
afterAll(() => undo.disposeAsync());

describe("signalman quarantine", () => {
  it("lists, shows and gives back", async () => {
    const bad = await quarantine("shop", "alerts: missing\u001b[2J", '{"password":"hunter2hunter2"}\u0007');
    const other = await quarantine("other", "no title");
    const list = await cli("quarantine", "list");
    expect(list).toMatchObject({ code: 0 });
    expect(list.stdout.indexOf(other)).toBeLessThan(list.stdout.indexOf(bad));
    expect(list.stdout).toContain("alerts: missing\\u{1b}[2J");
    const ofShop = await cli("quarantine", "list", "--source", "shop", "--json");
    expect(JSON.parse(ofShop.stdout)).toMatchObject([{ id: bad, sourceId: "shop" }]);

    const shown = await cli("quarantine", "show", bad);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain("quarantined");
    expect(shown.stdout).toContain("\\u{7}");
    expect(shown.stdout).not.toContain("hunter2");
    const asJson = await cli("quarantine", "show", bad, "--json");
    expect(JSON.parse(asJson.stdout)).toMatchObject({ id: bad, outcome: "quarantined", isCut: false });

    expect(await cli("quarantine", "requeue", bad)).toMatchObject({ code: 0 });
    const twice = await cli("quarantine", "requeue", bad);
    expect(twice).toMatchObject({ code: 1 });
    expect(twice.stderr).toContain("not in quarantine: it is waiting to be taken in");
    expect(await store.inbox.claim("shop", 10, 1_000)).toMatchObject([{ id: bad, attempts: 1 }]);

    await quarantine("third", "no");
    await quarantine("third", "no");
    const third = await cli("quarantine", "requeue", "--all", "--source", "third", "--json");
    expect(JSON.parse(third.stdout)).toEqual({ requeued: 2 });
    const rest = await cli("quarantine", "requeue", "--all");
    expect(rest.stdout).toContain("1 delivery waits to be taken in anew");
    expect((await cli("quarantine", "list")).stdout).toBe("Nothing is in quarantine.\n");
  }, 60_000);

  it.each([
    [["quarantine"], "Say what to do"],
    [["quarantine", "lst"], 'Did you mean "list"?'],
    [["quarantine", "show"], "Say which"],
    [["quarantine", "show", "CHG-1"], "is no id of a delivery"],
    [["quarantine", "requeue", "--source", "x"], "--source goes with"],
    [["quarantine", "requeue", "--all", "x"], "one word too many"],
    [["quarantine", "list", "--limit", "0"], "--limit is a number"],
  ])("refuses %j", async (args, wanted) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(wanted);
  });

  it("says that there is no such delivery", async () => {
    const { code, stderr } = await cli("quarantine", "show", delivery("x", null).id);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no delivery");
  });
});

describe("signalman audit", () => {
  it("shows the mutes of a service and counts them among what it verifies", async () => {
    const stream = streamOf("mute", "checkout");
    const who = { userId: "U0RUTH", name: "Ruth" };
    await store.ledger.commit({
      writes: [
        {
          kind: "mute",
          stream,
          id: "checkout",
          expectedVersion: 0,
          events: [
            { type: "service_muted", at, ...who, until: at, reason: "upgrade" },
            { type: "mute_refused", at, userId: "U0NED", name: "Ned", asked: "unmute", reason: "no role" },
            { type: "service_unmuted", at, ...who, reason: "" },
          ],
        },
      ],
    });
    while ((await store.ledger.sequence(100)) > 0);
    const shown = await cli("audit", "show", "mute/checkout");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("mute/checkout: 3 entries, hash chain intact");
    expect(shown.stdout).toMatch(/muted +Ruth \(U0RUTH\)\n +until .*\n +because: upgrade/);
    expect(shown.stdout).toMatch(/unmute refused +Ned \(U0NED\)\n +no role/);
    const verified = await cli("audit", "verify");
    expect(verified.stdout).toContain("intact: 3 entries in 1 streams");
    expect(await cli("audit", "show", "mute/nothing")).toMatchObject({ code: 1 });
    expect(await cli("audit", "show", "mute/../x")).toMatchObject({ code: 2 });
  }, 30_000);
});

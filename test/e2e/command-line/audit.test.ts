import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { evolveChange, type ChangeState } from "../../../src/domain/change/change.ts";
import type { ChangeCommand } from "../../../src/domain/change/change-command.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import type { ChangeEvent } from "../../../src/domain/change/events.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import {
  changeId,
  correlationId,
  decisions,
  incidentId,
  propose,
  proposalFor,
  voteCommand,
} from "../../support/change-fixtures.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const began = Date.parse("2026-11-21T02:00:00.000Z");
const undo = new AsyncDisposableStack();
const folder = undo.use(emptyFolder());
let pool: ReturnType<typeof createPool>;

const cli = (...args: string[]) => runCli(args, { cwd: folder.path });

/** The events that the real core makes of these commands, one minute apart. */
function eventsOf(commands: readonly ChangeCommand[]): ChangeEvent[] {
  let state: ChangeState | null = null;
  return commands.flatMap((command, minute) => {
    const answer = decideChange(command, state, toInstant(began + minute * 60_000));
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveChange(changeId, state, event);
    return answer.events;
  });
}

/** As somebody would who owns the database and takes the guard off first. */
async function edit(from: string, to: string): Promise<number | null> {
  await pool.query("alter table events disable trigger user");
  const { rowCount } = await pool.query(
    "update events set data = replace(data, $1, $2) where type = 'vote_cast'",
    [from, to],
  );
  await pool.query("alter table events enable trigger user");
  return rowCount;
}

beforeAll(async () => {
  writeFileSync(join(folder.path, "signalman.yml"), "database: { dataFolder: ./data }\n");
  const dataFolder = join(folder.path, "data");
  const server = undo.use(await createEmbeddedPostgres({ dataFolder, log: () => undefined }));
  pool = createPool({ ...server.connection, max: 3 }, () => undefined);
  undo.defer(() => pool.end());
  const before = await cli("audit", "verify");
  expect(before).toMatchObject({ code: 2, stdout: "" });
  expect(before.stderr).toContain("This database holds no ledger of Signalman");

  await migrate(pool);
  const { ledger } = createStore(pool);
  const proposal = proposalFor();
  const opened = decideIncident(
    {
      command: "open",
      kind: "alert",
      groupKey: "service/checkout/production",
      correlationId,
      title: "Checkout fails\u202e\nINFO forged line",
      severity: "critical",
      scope: null,
      tenant: "",
      channel: "",
      requester: { kind: "source", sourceId: "alertmanager" },
    },
    null,
    toInstant(began),
  );
  if (opened.kind === "refused") throw new Error(opened.reason);
  const result = await ledger.commit({
    writes: [
      {
        kind: "incident",
        stream: streamOf("incident", incidentId),
        id: incidentId,
        expectedVersion: 0,
        events: opened.events,
      },
      {
        kind: "change",
        stream: streamOf("change", changeId),
        id: changeId,
        expectedVersion: 0,
        events: eventsOf([
          propose(decisions.queue(), proposal),
          voteCommand(proposal, { rationale: "the graph is clear" }),
        ]),
      },
    ],
  });
  expect(result).toEqual({ kind: "committed" });
});

afterAll(() => undo.disposeAsync());

test("what has no position yet is said, and then checked", async () => {
  const early = await cli("audit", "verify");
  expect(early).toMatchObject({ code: 0, stderr: "" });
  expect(early.stdout).toBe(
    "The ledger is intact: 0 entries in 0 streams.\n6 of the newest entries have no position yet and were not checked.\n",
  );
  await createStore(pool).ledger.sequence(100);
  const then = await cli("audit", "verify");
  expect(then.stdout).toMatch(
    /^The ledger is intact: 6 entries in 2 streams, positions 0 to 5\.\nCheckpoints in the database that fit: 0\. 6 of the newest entries are not covered yet/,
  );
  expect(then.stdout).toContain("No checkpoint from outside the database was compared");
  expect(JSON.parse((await cli("audit", "verify", "--json")).stdout)).toEqual({
    kind: "intact",
    entries: 6,
    streams: 2,
    checkpoints: 0,
    covered: 0,
    outside: null,
    signaturesChecked: false,
    proven: true,
    uncovered: 6,
    unpositioned: 0,
    keys: [],
  });
});

test("a change: who, when, what, under which policy, with which votes", async () => {
  const { code, stdout, stderr } = await cli("audit", "show", changeId.toLowerCase());
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n")[0]).toBe(`${changeId}: 5 entries, hash chain intact`);
  expect(stdout).toMatch(/^2026-11-21T02:00:00\.000Z {2}proposed +rules, for alert source alertmanager$/m);
  expect(stdout).toMatch(/^ +flag checkout_one_click in shop\/prod, revision rev-1$/m);
  expect(stdout).toMatch(/^ +reverse: \S/m);
  expect(stdout).toMatch(/^ +queue_for_review at draft, mode approval_required, by rule test$/m);
  expect(stdout).toMatch(/^2026-11-21T02:01:00\.000Z {2}vote +Ruth \(U0RUTH\)$/m);
  expect(stdout).toMatch(/^ +because: "the graph is clear"$/m);
  expect(stdout).toMatch(/^ +digest sha256:[0-9a-f]{64}$/m);
});

test("an incident with its changes; what others wrote stays one plain line", async () => {
  const { code, stdout } = await cli("audit", "show", incidentId);
  expect(code).toBe(0);
  expect(stdout.split("\n")[0]).toBe(`${incidentId}: 6 entries, 2 hash chains intact`);
  expect(stdout).toMatch(/^ +critical: Checkout fails INFO forged line$/m);
  expect(stdout).not.toMatch(/^INFO/m);
  expect(stdout).not.toContain("\u202e");
  const json: unknown = JSON.parse((await cli("audit", "show", incidentId, "--json")).stdout);
  expect(json).toMatchObject({ id: incidentId, fault: null, entries: { length: 6 } });
});

test("an id that the ledger does not know", async () => {
  expect(await cli("audit", "show", "CHG-ZZZZZZZZZZ")).toEqual({
    code: 1,
    signal: null,
    stdout: "",
    stderr: "The ledger knows nothing of CHG-ZZZZZZZZZZ; check the id and which database is read.\n",
  });
});

test("an entry edited behind our back is named, by verify and by show", async () => {
  expect(await edit("the graph is clear", "the graph was clear")).toBe(1);
  const verified = await cli("audit", "verify");
  expect(verified.code).toBe(1);
  expect(verified.stdout).toMatch(
    /^The ledger is BROKEN at change\/CHG-0000000001, version 3 \(position \d\): Its content does not match its hash/,
  );
  const shown = await cli("audit", "show", changeId);
  expect(shown.code).toBe(1);
  expect(shown.stdout).toMatch(/^CHG-0000000001: 5 entries, BROKEN at change\/CHG-0000000001, version 3: /);
  await edit("the graph was clear", "the graph is clear");
  expect((await cli("audit", "verify")).code).toBe(0);
});

test("a data folder that is not there is not made", async () => {
  using other = emptyFolder();
  writeFileSync(join(other.path, "signalman.yml"), "");
  const result = await runCli(["audit", "verify"], { cwd: other.path });
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(
    /^There is no data in .*data; run this where signalman\.yml is, or set DATABASE_URL\.\n$/,
  );
});

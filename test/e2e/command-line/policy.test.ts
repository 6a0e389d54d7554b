import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { plantFirstRelease } from "../../support/first-release.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const shipped = join(import.meta.dirname, "..", "..", "..", "governance");
const closed = "CHG-SR6XMK1YQE";

const undo = new AsyncDisposableStack();
const folder = undo.use(emptyFolder());
const cli = (...args: string[]) => runCli(args, { cwd: folder.path });

/** A ledger that a real Signalman of the first release wrote: one change kept to its end, and others. */
beforeAll(async () => {
  writeFileSync(join(folder.path, "signalman.yml"), "database: { dataFolder: ./data }\n");
  cpSync(shipped, join(folder.path, "governance"), { recursive: true });
  const dataFolder = join(folder.path, "data");
  const server = undo.use(await createEmbeddedPostgres({ dataFolder, log: () => undefined }));
  const pool = createPool({ ...server.connection, max: 2 }, () => undefined);
  undo.defer(() => pool.end());
  await plantFirstRelease(pool);
  await migrate(pool);
});
afterAll(() => undo.disposeAsync());

describe("policy check", () => {
  it("needs no settings, no database and no variable, and finds nothing in the shipped files", async () => {
    using elsewhere = emptyFolder();
    const found = await runCli(["policy", "check", "--governance", shipped, "--on", "2026-12-01"], {
      cwd: elsewhere.path,
    });
    expect(found).toMatchObject({ code: 0, stderr: "" });
    expect(found.stdout).toMatch(/policy: 19 contracts, 0 findings\n$/);
    expect(found.stdout).toMatch(/^flag\.turn_off( +yes){10}$/m);
  });

  it("exits 1 on any finding, and names file, line and remedy", async () => {
    const found = await cli("policy", "check", "--on", "2028-01-01");
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(
      /governance\/flag\.turn_off\.yml:\d+:\d+: its review date 2027-06-30 has passed/,
    );
    const json: unknown = JSON.parse((await cli("policy", "check", "--on", "2028-01-01", "--json")).stdout);
    expect(json).toMatchObject({
      contracts: expect.arrayContaining([{ tool: "flag.turn_off", missing: ["cleanup"] }]),
    });
  });

  it("refuses what is no day, and what is no word of it", async () => {
    expect(await cli("policy", "check", "--on", "tomorrow")).toMatchObject({ code: 2 });
    expect((await cli("policy", "chek")).stderr).toContain('There is no "policy chek". Did you mean');
  });
});

describe("policy explain", () => {
  it("says of a tool what its contract says", async () => {
    const told = await cli("policy", "explain", "flag.turn_off", "--environment", "production");
    expect(told.code).toBe(0);
    expect(told.stdout).toContain("production: 1 of release-manager or service-owner");
    expect(told.stdout).toMatch(
      /never +on flags tagged signalman-controls, no-agent, authorization, credentials/,
    );
    expect((await cli("policy", "explain", "flag.turn_of")).stderr).toContain(
      'Did you mean "flag.turn_off"?',
    );
  });

  it("says of a change every decision about it, by which rule, with which flags, and what today's files would say", async () => {
    const told = await cli("policy", "explain", closed.toLowerCase());
    expect(told.stderr).toBe("");
    expect(told.stdout).toContain(`${closed}: flag.turn_off on checkout_one_click`);
    expect(told.stdout).toMatch(
      /at draft: queue_for_review, mode approval_required, by rule approval_needed/,
    );
    expect(told.stdout).toMatch(/at vote: allow, mode approval_required, by rule approved/);
    expect(told.stdout).toMatch(/at execution: allow/);
    expect(told.stdout).toMatch(/flag +signalman-mode = approval_required/);
    expect(told.stdout.match(/^ {2}today /gm)?.length).toBe(3);
    expect(await cli("policy", "explain", "CHG-0000000000")).toMatchObject({ code: 1 });
  });
});

describe("policy replay", () => {
  it("gives what was given, under the same rules", async () => {
    const told = await cli("policy", "replay", "--since", "366d", "--all");
    expect(told.stderr).toBe("");
    expect(told.stdout).toMatch(/replayed: \d+ decisions of \d+ streams, 0 differ\n$/);
  });

  it("shows as a difference what another flag value would have made of it", async () => {
    const told = await cli("policy", "replay", "--since", "366d", "--set", "signalman-mode=search_only");
    expect(told.stdout).toMatch(/queue_for_review .* {2}constrain \(search_only, control_mode\)/);
    expect(told.stdout).toMatch(/, [1-9]\d* differ\n$/);
  });

  it("shows as a difference what other files would have made of it", async () => {
    const other = join(folder.path, "stricter");
    cpSync(shipped, other, { recursive: true });
    const file = join(other, "flag.turn_off.yml");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("count: 1", "count: 2"));
    const told = await cli("policy", "replay", "--since", "366d", "--governance", other, "--json");
    const rows: unknown = JSON.parse(told.stdout);
    expect(rows).toContainEqual(
      expect.objectContaining({
        occasion: "execution",
        before: expect.stringMatching(/^allow /),
        after: expect.stringMatching(/^queue_for_review .*2 of release-manager\|service-owner/),
      }),
    );
  });

  it("refuses a control or a value that is none", async () => {
    expect((await cli("policy", "replay", "--set", "signalman-mod=off")).stderr).toContain("signalman-mode");
    expect((await cli("policy", "replay", "--set", "signalman-mode=on")).stderr).toContain(
      '"on" is no value',
    );
    expect((await cli("policy", "replay", "--since", "soon")).stderr).toContain("is no duration");
  });
});

describe("report autonomy", () => {
  it("counts drafts and what became of them, by tool and stage", async () => {
    const told = await cli("report", "autonomy", "--since", "366d");
    expect(told.stderr).toBe("");
    expect(told.stdout).toMatch(/^flag\.turn_off +approval_required +[1-9]/m);
    expect(told.stdout).toMatch(
      /flag\.turn_off in approval_required: speaks for neither \(only \d+ of 20 decided drafts\)/,
    );
    const json: unknown = JSON.parse((await cli("report", "autonomy", "--since", "366d", "--json")).stdout);
    expect(json).toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ tool: "flag.turn_off", stage: "approval_required", applied: 1 }),
      ]),
    });
  });

  it("says so where there was nothing", async () => {
    expect((await cli("report", "autonomy", "--since", "1s")).stdout).toContain(
      "Nothing was drafted in the last 1s.",
    );
  });
});

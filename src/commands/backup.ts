import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";

export const name = "backup";
export const summary = "write everything that is stored into one file, beside a running Signalman";
export const usage = `Usage: signalman backup <file> [--with-key] [--json] [--config <file>]

Writes one compressed file that only you may read: the ledger and all other tables as they are at one moment, and the
newest checkpoint of the ledger. It appears whole or not at all, and never in the place of another.

--with-key  also the private key that signs checkpoints, if it lies in the data folder. Whoever has such a file can sign
            in Signalman's name: keep it like the key itself

It is read once more and compared before the command ends. "signalman restore" brings it back. For a PostgreSQL of your
own (DATABASE_URL) pg_dump does as well: docs/keeping.md.
Exit code: 0 written, 1 failed, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "with-key": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("Say where to: the name of a file that is not there yet.");
  if (more[0] !== undefined) throw new UsageError(`There is one word too many: "${more[0].slice(0, 60)}".`);
  const file = resolve(name);
  const database = loadDatabase(processOrigin(values.config));
  // Help and mistakes need no database driver.
  const { backUp } = await import("./archive/back-up.ts");
  const done = await backUp(database, file, { withKey: values["with-key"] });
  if (values.json) {
    process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
    return 0;
  }
  const { bytes, head, tables, files } = done;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const entries = tables.find(({ table }) => table === "events")?.rows ?? 0;
  const beside = files.length === 0 ? "" : ` With ${files.join(" and ")}.`;
  process.stdout.write(
    `${file}: ${bytes} bytes, ${rows} rows of ${tables.length} tables as of ${head.madeAt}, among them ${entries} entries of the ledger.${beside}\nRead again and compared. "signalman restore ${file}" brings it back into an empty place.\n`,
  );
  if (values["with-key"]) {
    process.stderr.write(
      files.includes("signing-key.pem")
        ? "It holds the private key that signs checkpoints: keep it where you would keep the key.\n"
        : "There is no signing key in the data folder, so none is in the backup.\n",
    );
  }
  return 0;
}

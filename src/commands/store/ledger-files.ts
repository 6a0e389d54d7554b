import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkpointFile, publicKeysFile } from "../../adapters/notary/create-notary.ts";
import { signingKeyFile } from "../../adapters/notary/signing-key.ts";
import type { FileLine } from "../../adapters/postgres/archive/archive-lines.ts";
import { OpsError } from "../../domain/ops-error.ts";

/** In the folder `ledger` of the data folder: what lets a checkpoint be held against the database. */
const kept = [checkpointFile, publicKeysFile];

/** Those of the ledger's files that are there. */
export async function readLedgerFiles(
  dataFolder: string,
  { withKey }: { withKey: boolean },
): Promise<FileLine[]> {
  const names = withKey ? [...kept, signingKeyFile] : kept;
  const present = names.filter((name) => existsSync(join(dataFolder, "ledger", name)));
  return Promise.all(
    present.map(async (name) => ({
      file: name,
      text: await readFile(join(dataFolder, "ledger", name), "utf8").catch((cause: unknown) => {
        throw new OpsError("misconfigured", `${name} of the ledger cannot be read: ${String(cause)}`, {
          cause,
        });
      }),
    })),
  );
}

/** Puts them beside the restored database; answers the names of those that stay out because others lie there. */
export async function putLedgerFiles(dataFolder: string, files: readonly FileLine[]): Promise<string[]> {
  const inTheWay: string[] = [];
  const folder = join(dataFolder, "ledger");
  const known = files.filter(({ file }) => [...kept, signingKeyFile].includes(file));
  if (known.length > 0) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { file, text } of known) {
    const mode = file === signingKeyFile ? 0o600 : 0o644;
    await writeFile(join(folder, file), text, { mode, flag: "wx", flush: true }).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      inTheWay.push(join(folder, file));
    });
  }
  return inTheWay;
}

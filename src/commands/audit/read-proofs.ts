import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkpointFile, parseKeys, publicKeysFile } from "../../adapters/notary/create-notary.ts";
import { ConfigError } from "../../domain/config-error.ts";
import type { NoteKey } from "../../domain/ledger/signed-note.ts";
import type { OutsideCheckpoint } from "../../domain/ledger/verify-ledger.ts";

export interface Proofs {
  /** Null where none were found: then no signature can be checked. */
  keys: NoteKey[] | null;
  outside: OutsideCheckpoint[];
}

/**
 * What an auditor holds the database against: the files that are named, and the newest checkpoint and the public keys
 * of the data folder. Throws `ConfigError` for a named file that cannot be used.
 */
export async function readProofs(
  folder: string,
  named: { checkpoints: readonly string[]; keyFiles: readonly string[] },
): Promise<Proofs> {
  const outside = await Promise.all(
    named.checkpoints.map(async (file) => ({
      from: `of ${file}`,
      note: await readNamed(file, "--checkpoint"),
    })),
  );
  const ours = await readIfThere(join(folder, checkpointFile));
  if (ours !== null) outside.push({ from: `of ${join(folder, checkpointFile)}`, note: ours });
  const keys: NoteKey[] = [];
  for (const file of named.keyFiles) {
    const found = parseKeys(await readNamed(file, "--key"));
    if (found.length === 0) {
      throw new ConfigError([`${file} of --key holds no public key; it is a line <name>+<id>+<key>.`]);
    }
    keys.push(...found);
  }
  if (named.keyFiles.length === 0)
    keys.push(...parseKeys((await readIfThere(join(folder, publicKeysFile))) ?? ""));
  return { keys: keys.length === 0 ? null : keys, outside };
}

async function readNamed(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new ConfigError([`${file} of ${option} cannot be read (${codeOf(error)}); correct the path.`]);
  }
}

/** Of a ledger on another machine there is no such folder here. */
async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new ConfigError([
      `${file} cannot be read (${codeOf(error)}); run this as an account that may read it.`,
    ]);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

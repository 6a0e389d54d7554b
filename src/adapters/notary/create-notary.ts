import { createPublicKey } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseTreeHead, treeHeadText } from "../../domain/ledger/checkpoint.ts";
import {
  keyLine,
  type NoteKey,
  noteKey,
  openNote,
  parseKeyLine,
  signNote,
} from "../../domain/ledger/signed-note.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Notary } from "../../pipeline/ports/notary.ts";
import { loadSigningKey } from "./signing-key.ts";

/** Names of the files in the folder. Auditors are told of them in docs/ledger.md. */
export const checkpointFile = "checkpoint.txt";
export const publicKeysFile = "public-keys.txt";

/** A folder outside of the database, with the key and the newest checkpoint. Throws `OpsError` where it cannot be used. */
export async function createNotary(options: { keyFile: string | null; folder: string }): Promise<Notary> {
  const { folder } = options;
  const privateKey = await loadSigningKey(options.keyFile, folder);
  const publicKey = createPublicKey(privateKey);
  const newest = () => readIfThere(join(folder, checkpointFile));

  async function listed(): Promise<NoteKey[]> {
    return parseKeys((await readIfThere(join(folder, publicKeysFile))) ?? "");
  }
  /** Whoever finds a checkpoint of ours must find the key to it. */
  async function list(key: NoteKey): Promise<void> {
    const keys = await listed();
    if (keys.some(({ name, id }) => name === key.name && id === key.id)) return;
    await replace(join(folder, publicKeysFile), [...keys, key].map((each) => `${keyLine(each)}\n`).join(""));
  }

  return {
    async sign(head) {
      const ours = noteKey(head.origin, publicKey);
      await list(ours);
      return signNote(treeHeadText(head), ours, privateKey);
    },
    async keys(origin) {
      const ours = noteKey(origin, publicKey);
      return [ours, ...(await listed()).filter((key) => key.name === origin && key.id !== ours.id)];
    },
    newest,
    async keep(note) {
      // Another process may keep its checkpoints in the same folder.
      if (sizeOf(await newest()) < sizeOf(note)) await replace(join(folder, checkpointFile), note);
    },
  };
}

/** One key a line; what is no key is passed over. */
export function parseKeys(text: string): NoteKey[] {
  return text.split("\n").flatMap((line) => parseKeyLine(line) ?? []);
}

/** Whose signature it is has been looked at before anything is kept. */
function sizeOf(note: string | null): number {
  if (note === null) return 0;
  const opened = openNote(note, []);
  return opened.kind === "malformed" ? 0 : (parseTreeHead(opened.text)?.size ?? 0);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw new OpsError(
      "misconfigured",
      `${file} cannot be read (${codeOf(cause)}); let this account read it.`,
      { cause },
    );
  }
}

/** Whole or not at all, and on the disk before it counts. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await writeFile(draft, text, { mode: 0o644, flush: true });
    await rename(draft, file);
  } catch (cause) {
    throw new OpsError(
      "misconfigured",
      `${file} cannot be written (${codeOf(cause)}); let this account write it, and see that the disk is not full.`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConfigError } from "../../domain/config-error.ts";
import type { Instant } from "../../domain/ids.ts";
import { leafText, type StoredEntry, storedText } from "../../domain/ledger/chain.ts";
import { createTreeEdge, leafHash, type TreeEdge } from "../../domain/ledger/merkle.ts";
import type { Store } from "../../pipeline/ports/storage.ts";
import { csvRows } from "./csv-rows.ts";

export const exportFormats = ["jsonl", "csv"] as const;

export interface ExportOrder {
  format: (typeof exportFormats)[number];
  since: Instant | null;
  /** Exclusive. */
  until: Instant | null;
  /** A file that does not exist yet; null: standard output. */
  out: string | null;
}

type Readers = Pick<Store, "ledger" | "checkpoints">;
type IsWanted = (entry: StoredEntry) => boolean;

/** Writes the ledger out, a page at a time. The exit code. */
export async function exportLedger(
  store: Readers,
  { format, since, until, out }: ExportOrder,
): Promise<number> {
  const isWanted: IsWanted = ({ at }) => (since === null || at >= since) && (until === null || at < until);
  const lines = format === "csv" ? csvRows(store.ledger, allOf(store), isWanted) : jsonLines(store, isWanted);
  const source = Readable.from(lines);
  if (out === null) {
    await pipeline(source, process.stdout, { end: false });
  } else {
    try {
      await pipeline(source, createWriteStream(out, { flags: "wx", mode: 0o600 }));
    } catch (error) {
      if (!(error instanceof Error) || !("syscall" in error)) throw error;
      throw new ConfigError([`${out} of --out cannot be written (${error.message}); name a new file.`]);
    }
  }
  const unpositioned = await store.ledger.unsequenced();
  if (unpositioned > 0) {
    process.stderr.write(
      `${unpositioned} of the newest entries had no position yet; not all are in the export.\n`,
    );
  }
  return 0;
}

const pageSize = 1000;

async function* allOf({ ledger }: Readers): AsyncGenerator<StoredEntry> {
  for (let from = 0; ;) {
    const page = await ledger.stored(from, pageSize);
    yield* page;
    if (page.length < pageSize) return;
    from = (page.at(-1)?.position ?? from) + 1;
  }
}

/**
 * The newest checkpoint, then every wanted entry with the exact text that was hashed. What is left out stands there as
 * hashes of whole subtrees, so that the checkpoint's root can be computed from the file alone.
 */
async function* jsonLines(store: Readers, isWanted: IsWanted): AsyncGenerator<string> {
  const newest = await store.checkpoints.newest();
  const size = newest?.size ?? 0;
  if (newest !== null) yield line({ kind: "checkpoint", size, note: newest.note });
  let skipped: TreeEdge | null = null;
  function* flushed(): Generator<string> {
    for (const { start, level, hash } of skipped?.subtrees() ?? []) {
      yield line({ kind: "skipped", position: start, entries: 2 ** level, hash: hash.toString("hex") });
    }
    skipped = null;
  }
  for await (const entry of allOf(store)) {
    const position = entry.position ?? 0;
    if (isWanted(entry)) {
      yield* flushed();
      const { prevHash, hash } = entry;
      yield line({ kind: "entry", position, canonical: storedText(entry), prevHash, hash });
    } else if (position < size) {
      skipped ??= createTreeEdge(position);
      skipped.push(leafHash(leafText(entry)));
    }
    if (position === size - 1) yield* flushed();
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

import type { StoredEntry } from "../../domain/ledger/chain.ts";
import { StreamName } from "../../domain/ledger/stream.ts";
import type { Ledger } from "../../pipeline/ports/storage.ts";
import { type AuditFields, auditColumns, fieldsOf, lastingFields } from "./audit-fields.ts";

const columns = ["position", "at", "stream", "version", "event", ...auditColumns, "hash"] as const;
/** Subjects whose standing facts are remembered; those of others are read again. */
const mostRemembered = 500;

/** A row for each entry that is wanted. What its subject's earlier entries said (the tool, the target …) stands in it too. */
export async function* csvRows(
  ledger: Pick<Ledger, "events">,
  entries: AsyncIterable<StoredEntry>,
  isWanted: (entry: StoredEntry) => boolean,
): AsyncGenerator<string> {
  const remembered = new Map<string, AuditFields>();
  yield rowOf(columns);
  for await (const entry of entries) {
    if (!isWanted(entry)) continue;
    const { stream, version, type } = entry;
    const before = remembered.get(stream) ?? (version === 1 ? {} : await lastingBefore(ledger, entry));
    const data = parsed(entry.data);
    const lasting = { ...before, ...lastingFields(stream, data) };
    remembered.delete(stream);
    remembered.set(stream, lasting);
    const [oldest] = remembered.keys();
    if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
    const fields = { ...lasting, ...fieldsOf(type, data) };
    yield rowOf([
      String(entry.position ?? ""),
      entry.at,
      stream,
      String(version),
      type,
      ...auditColumns.map((column) => fields[column] ?? ""),
      entry.hash,
    ]);
  }
}

async function lastingBefore(
  ledger: Pick<Ledger, "events">,
  { stream, version }: StoredEntry,
): Promise<AuditFields> {
  const known = StreamName.safeParse(stream);
  const events = known.success ? await ledger.events(known.data) : [];
  return events
    .filter((event) => event.version < version)
    .reduce<AuditFields>((fields, event) => ({ ...fields, ...lastingFields(stream, event.data) }), {});
}

/** An entry that somebody has damaged has no fields; verifying says so. */
function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
}

function rowOf(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * A spreadsheet takes a cell that begins with one of these for a formula, and a formula can send away what stands
 * beside it: an apostrophe makes it a text.
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

export function csvCell(text: string): string {
  const harmless = (formula.test(text) ? `'${text}` : text).replaceAll(/\p{Cc}+/gu, " ");
  return /[",;']|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

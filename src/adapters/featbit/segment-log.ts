import type { Segment } from "../../domain/flag/flag.ts";
import { toInstant } from "../../domain/ids.ts";
import type { SegmentHistoryEntry } from "../../pipeline/ports/flag-platform.ts";
import { authorOf, jsonText, readAuditRows, type Unreadable } from "./audit-log.ts";
import type { Query, RestClient } from "./rest-client.ts";
import { toSegment } from "./to-flag.ts";
import { type WireAuditEntry, WireSegment } from "./wire.ts";

export type SegmentRow = { kind: "entry"; entry: SegmentHistoryEntry } | Unreadable;

/** The audit log about segments of an environment, newest first; otherwise like `readAuditLog`. */
export async function* readSegmentLog(
  client: RestClient,
  environmentId: string,
  query: Query,
): AsyncGenerator<SegmentRow> {
  for await (const row of readAuditRows(client, environmentId, { ...query, refType: "Segment" })) {
    yield row.kind === "unreadable" ? row : toSegmentRow(row.wire);
  }
}

function toSegmentRow(wire: WireAuditEntry): SegmentRow {
  const at = Date.parse(wire.createdAt);
  const before = sideOf(wire.dataChange.previous);
  const after = sideOf(wire.dataChange.current);
  if (Number.isNaN(at) || before === "unreadable" || after === "unreadable") {
    return { kind: "unreadable", reason: `audit entry ${wire.id} is not in the form of FeatBit 5.4` };
  }
  const { id: auditId, comment } = wire;
  return {
    kind: "entry",
    entry: { auditId, at: toInstant(at), author: authorOf(wire), comment, before, after },
  };
}

function sideOf(json: string): Segment | null | "unreadable" {
  if (json === "") return null;
  const wire = jsonText.pipe(WireSegment).safeParse(json);
  return wire.success ? toSegment(wire.data) : "unreadable";
}

import { z } from "zod";
import type { FlagRef } from "../../domain/flag/flag.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import type { FlagEdit } from "../../pipeline/ports/flag-platform.ts";
import { authorOf, jsonText, readAuditRows } from "./audit-log.ts";
import type { RestClient } from "./rest-client.ts";
import type { WireAuditEntry } from "./wire.ts";

/**
 * Who edited one flag since `from`, newest first. What was edited is not looked at, so that an entry whose flag the
 * domain has no form for still names its author.
 */
export async function readEdits(
  client: RestClient,
  { environmentId }: FlagRef,
  flagId: string,
  from: Instant,
  limit: number,
): Promise<FlagEdit[]> {
  const edits: FlagEdit[] = [];
  const query = { refId: flagId, refType: "FeatureFlag", from: Date.parse(from) };
  for await (const row of readAuditRows(client, environmentId, query)) {
    if (edits.length >= limit) break;
    if (row.kind === "unreadable") edits.push({ at: from, author: null, comment: "", made: null });
    else {
      const { wire } = row;
      const at = Date.parse(wire.createdAt);
      edits.push({
        at: Number.isNaN(at) ? from : toInstant(at),
        author: authorOf(wire),
        comment: wire.comment,
        made: revisionMade(wire.dataChange),
      });
    }
  }
  return edits;
}

const Revised = jsonText.pipe(z.object({ revision: z.string() }));

/** An edit of a segment stands in the log of each flag that uses it, and leaves the flag's revision. */
function revisionMade({ previous, current }: WireAuditEntry["dataChange"]): string | null {
  const made = revisionOf(current);
  return made === revisionOf(previous) ? null : made;
}

function revisionOf(side: string): string | null {
  return Revised.safeParse(side).data?.revision ?? null;
}

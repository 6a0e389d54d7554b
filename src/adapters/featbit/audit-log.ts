import { z } from "zod";
import type { Flag } from "../../domain/flag/flag.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { readPages } from "./read-pages.ts";
import type { Query, RestClient } from "./rest-client.ts";
import { toFlag } from "./to-flag.ts";
import { pageOf, WireAuditEntry, WireFlag } from "./wire.ts";

/** Each entry carries two whole flags, so pages stay small. */
const PAGE_SIZE = 20;

/** One audit entry about a flag. A side is null where there is none, or where the domain has no form for it. */
export interface FlagAuditEntry {
  auditId: string;
  at: Instant;
  operation: string;
  comment: string;
  author: { name: string; email: string | null };
  before: Flag | null;
  after: Flag | null;
  /** Null on that side of a creation or a removal. */
  revisionBefore: string | null;
  revisionAfter: string | null;
  /** Why a side that was there is null; null when there is nothing to say. */
  unmapped: string | null;
}

export type AuditRow = { kind: "entry"; entry: FlagAuditEntry } | Unreadable;

export interface Unreadable {
  kind: "unreadable";
  reason: string;
}

/**
 * The audit log about flags of an environment, newest first. Ends by itself; stop earlier by leaving the loop.
 * @throws OpsError when the log cannot be read at all; single rows that FeatBit cannot show are `unreadable`.
 */
export async function* readAuditLog(
  client: RestClient,
  environmentId: string,
  query: Query,
): AsyncGenerator<AuditRow> {
  for await (const row of readAuditRows(client, environmentId, { ...query, refType: "FeatureFlag" })) {
    yield row.kind === "unreadable" ? row : toAuditRow(row.wire);
  }
}

/** The audit log as FeatBit sends it, newest first, each entry once. `query` says about what. */
export async function* readAuditRows(
  client: RestClient,
  environmentId: string,
  query: Query,
): AsyncGenerator<{ kind: "wire"; wire: WireAuditEntry } | Unreadable> {
  const path = `/envs/${encodeURIComponent(environmentId)}/audit-logs`;
  const seen = new Set<string>();
  const pages = readPages(PAGE_SIZE, async (pageIndex, pageSize) => {
    const page = await client.get(path, { ...query, pageIndex, pageSize }, pageOf(WireAuditEntry));
    return page ?? { totalCount: 0, items: [] };
  });
  for await (const row of pages) {
    if (row.kind === "unreadable") {
      yield { kind: "unreadable", reason: `FeatBit answers 500 for row ${row.offset} of its audit log` };
    } else if (!seen.has(row.item.id)) {
      // A change made meanwhile shifts the pages, so that an entry may come twice.
      seen.add(row.item.id);
      yield { kind: "wire", wire: row.item };
    }
  }
}

export function toAuditRow(wire: WireAuditEntry): AuditRow {
  const at = Date.parse(wire.createdAt);
  const before = sideOf(wire.dataChange.previous);
  const after = sideOf(wire.dataChange.current);
  if (Number.isNaN(at) || before === "unreadable" || after === "unreadable") {
    return { kind: "unreadable", reason: `audit entry ${wire.id} is not in the form of FeatBit 5.4` };
  }
  return {
    kind: "entry",
    entry: {
      auditId: wire.id,
      at: toInstant(at),
      operation: wire.operation,
      comment: wire.comment,
      author: authorOf(wire),
      before: before.flag,
      after: after.flag,
      revisionBefore: before.revision,
      revisionAfter: after.revision,
      unmapped: before.unmapped ?? after.unmapped,
    },
  };
}

/**
 * FeatBit writes "Access token" and "System" where a person has an e-mail address (contract §1.4). The name is for
 * everybody to read: where FeatBit has the address for one, it is what stands before the @.
 */
export function authorOf({ creatorName, creatorEmail }: WireAuditEntry): FlagAuditEntry["author"] {
  const email = creatorEmail.includes("@") ? creatorEmail : null;
  if (creatorEmail === "Access token") return { name: `${creatorName} (access token)`, email };
  const [name] = (creatorName || creatorEmail).split("@");
  return { name: name || "unknown", email };
}

/** The audit log keeps both sides as JSON text. */
export const jsonText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue("not JSON");
    return z.NEVER;
  }
});

interface Side {
  flag: Flag | null;
  revision: string | null;
  unmapped: string | null;
}

function sideOf(json: string): Side | "unreadable" {
  if (json === "") return { flag: null, revision: null, unmapped: null };
  const wire = jsonText.pipe(WireFlag).safeParse(json);
  if (!wire.success) return "unreadable";
  try {
    return { flag: toFlag(wire.data), revision: wire.data.revision, unmapped: null };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return { flag: null, revision: wire.data.revision, unmapped: error.message };
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../../domain/flag/plan.ts";
import { type FlagWithAudit, isAudited, madeOrOlder } from "./audit-chain.ts";
import { type FlagAuditEntry, readAuditLog } from "./audit-log.ts";
import { readFlag } from "./read-flag.ts";
import type { RestClient } from "./rest-client.ts";

/** A flag that was written more often than this since approval is not followed further back. */
const MOST_ENTRIES = 200;
const TRIES = 4;

/** Null: the flag is gone; its entries stay readable. */
export interface ReadBack {
  found: FlagWithAudit | null;
  entries: FlagAuditEntry[];
}

/**
 * The plan's flag and its audit entries, which FeatBit writes one after the other and not in one transaction: read
 * until the flag did not move around the log and its newest revision has an entry, a few times at most.
 * @throws OpsError when either cannot be read.
 */
export async function readBack(client: RestClient, plan: Plan, pauseMs: number): Promise<ReadBack> {
  const { ref, before } = plan;
  const base = before.flag.revision;
  for (let tried = 1; ; tried++) {
    const first = await readFlag(client, ref.environmentId, ref.key);
    const entries = await readEntries(client, plan);
    const current = await readFlag(client, ref.environmentId, ref.key);
    // A flag deleted and made again under the same key has another id, and its own log.
    if (current === null || current.id !== before.flag.id) return { found: null, entries };
    const found = { current, entries };
    const settled = first?.revision === current.revision && isAudited(found, base);
    if (settled || tried >= TRIES) return { found, entries };
    await sleep(pauseMs);
  }
}

async function readEntries(client: RestClient, { ref, before }: Plan): Promise<FlagAuditEntry[]> {
  const entries: FlagAuditEntry[] = [];
  for await (const row of readAuditLog(client, ref.environmentId, { refId: before.flag.id })) {
    // A row that FeatBit cannot show changed a description to null, which no write of ours does.
    if (row.kind === "unreadable") continue;
    entries.push(row.entry);
    if (madeOrOlder(row.entry, before.flag) || entries.length >= MOST_ENTRIES) break;
  }
  return entries;
}

import type { z } from "zod";
import type { FlagRef, FlagSnapshot, Segment } from "../../domain/flag/flag.ts";
import { segmentIdsOf } from "../../domain/flag/flag.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type {
  FlagHistoryEntry,
  FlagOverview,
  FlagReader,
  SegmentHistoryEntry,
} from "../../pipeline/ports/flag-platform.ts";
import { readAuditLog } from "./audit-log.ts";
import { createEnvironments } from "./environments.ts";
import { inBatches } from "./in-batches.ts";
import { readPendingChanges } from "./pending-changes.ts";
import { readFlag, readSegments, readSnapshot } from "./read-flag.ts";
import { readEdits } from "./read-edits.ts";
import { readPages } from "./read-pages.ts";
import { createRestClient, type FeatBitLog, type Query } from "./rest-client.ts";
import { readSegmentLog } from "./segment-log.ts";
import { pageOf, WireFlagListItem, WireSegmentListItem } from "./wire.ts";

const PAGE_SIZE = 100;
const READS_AT_ONCE = 6;

export interface FeatBitReaderOptions {
  apiUrl: string;
  /** Access token that may read: CanAccessProject and CanAccessEnv are enough. */
  token: string;
  /** The setting that holds the token, for error texts; FEATBIT_READ_TOKEN unless told. */
  tokenSetting?: string | undefined;
  /** Base of FeatBit's web console, for links; none without it. */
  consoleUrl?: string | null | undefined;
  timeoutMs?: number | undefined;
  log?: FeatBitLog | undefined;
}

/**
 * Reads flags, segments and history over FeatBit's REST API (5.4 or newer). A row that FeatBit itself cannot show,
 * or that the domain has no form for, is left out of lists and named in the log; asked for alone it is an `OpsError`.
 * @throws OpsError `misconfigured` for an address or token that cannot be one.
 */
export function createFeatBitReader(options: FeatBitReaderOptions): FlagReader {
  const { log } = options;
  const client = createRestClient({ ...options, tokenSetting: options.tokenSetting ?? "FEATBIT_READ_TOKEN" });
  const environmentId = createEnvironments(client);
  const consoleUrl = consoleBase(options.consoleUrl ?? null);

  async function listed<T extends z.ZodType>(path: string, query: Query, schema: T): Promise<z.output<T>[]> {
    const items: z.output<T>[] = [];
    const pages = readPages(PAGE_SIZE, async (pageIndex, pageSize) => {
      const page = await client.get(path, { ...query, pageIndex, pageSize }, pageOf(schema));
      return page ?? { totalCount: 0, items: [] };
    });
    for await (const row of pages) {
      if (row.kind === "item") items.push(row.item);
      else
        log?.warn(
          { intent: "read a list", errorClass: "bad_answer", path, offset: row.offset },
          "FeatBit cannot show one row of a list; the row is left out",
        );
    }
    return items;
  }

  async function flagKeys(
    environment: string,
    select: { keys: readonly string[]; tags: readonly string[] },
  ): Promise<string[]> {
    const path = `/envs/${encodeURIComponent(environment)}/feature-flags`;
    // FeatBit joins several tags by "and"; here any of them is enough.
    const byTag = await inBatches(select.tags, READS_AT_ONCE, (tag) =>
      listed(path, { tags: [tag], sortBy: "key" }, WireFlagListItem),
    );
    return [...new Set([...select.keys, ...byTag.flat().map(({ key }) => key)])].toSorted();
  }

  return {
    async refOf(keys, flagKey) {
      return { ...keys, environmentId: await environmentId(keys), key: flagKey };
    },

    read: (ref) => readSnapshot(client, ref),

    async list(keys, select) {
      const environment = await environmentId(keys);
      const found = await inBatches(await flagKeys(environment, select), READS_AT_ONCE, async (key) => {
        try {
          return await readFlag(client, environment, key);
        } catch (error) {
          if (!(error instanceof OpsError) || error.retryable || error.code !== "bad_answer") throw error;
          log?.warn(
            { intent: "read flags", errorClass: error.code, flag: plainName(key), reason: error.message },
            "A flag is left out of a list",
          );
          return null;
        }
      });
      const flags = found.filter((flag) => flag !== null).filter((flag) => !flag.isArchived);
      const segments = await readSegments(client, environment, flags.flatMap(segmentIdsOf));
      return flags.map((flag): FlagSnapshot => {
        const ids = segmentIdsOf(flag);
        const ref: FlagRef = { ...keys, environmentId: environment, key: flag.key };
        return { ref, flag, segments: segments.filter(({ id }) => ids.includes(id)) };
      });
    },

    async overview(keys) {
      const path = `/envs/${encodeURIComponent(await environmentId(keys))}/feature-flags`;
      return (await listed(path, { sortBy: "key" }, WireFlagListItem)).map(toOverview);
    },

    async segments(keys): Promise<Segment[]> {
      const environment = await environmentId(keys);
      const path = `/envs/${encodeURIComponent(environment)}/segments`;
      const ids = (await listed(path, {}, WireSegmentListItem)).map(({ id }) => id);
      return readSegments(client, environment, ids);
    },

    async history(keys, from, to, limit) {
      const environment = await environmentId(keys);
      // FeatBit compares below the millisecond: `to` as it is would miss what happened within it.
      const query = { from: Date.parse(from), to: Date.parse(to) + 1 };
      const entries: FlagHistoryEntry[] = [];
      if (limit <= 0) return entries;
      for await (const row of readAuditLog(client, environment, query)) {
        if (row.kind === "unreadable") {
          log?.warn(
            { intent: "read the audit log", errorClass: "bad_answer", reason: row.reason },
            "An audit entry is left out of the history",
          );
        } else if (row.entry.unmapped !== null) {
          log?.warn(
            { intent: "read the audit log", errorClass: "bad_answer", reason: row.entry.unmapped },
            "An audit entry is left out of the history",
          );
        } else if (row.entry.at <= to) {
          const { auditId, at, author, comment, operation, before, after } = row.entry;
          const appliedFrom = preparedBy[operation];
          entries.push({
            auditId,
            at,
            author,
            comment,
            ...(appliedFrom !== undefined && { appliedFrom }),
            before,
            after,
          });
        }
        if (entries.length >= limit) break;
      }
      return entries;
    },

    async segmentHistory(keys, from, to, limit) {
      const environment = await environmentId(keys);
      const query = { from: Date.parse(from), to: Date.parse(to) + 1 };
      const entries: SegmentHistoryEntry[] = [];
      if (limit <= 0) return entries;
      for await (const row of readSegmentLog(client, environment, query)) {
        if (row.kind === "unreadable") {
          log?.warn(
            { intent: "read the audit log", errorClass: "bad_answer", reason: row.reason },
            "An audit entry is left out of the history",
          );
        } else if (row.entry.at <= to) entries.push(row.entry);
        if (entries.length >= limit) break;
      }
      return entries;
    },

    edits: (ref, flagId, from, limit) => readEdits(client, ref, flagId, from, limit),

    pendingChanges: (ref) => readPendingChanges(client, ref),

    webUrl(ref) {
      // The console remembers the environment by itself; its paths carry the flag only.
      return consoleUrl === null
        ? null
        : `${consoleUrl}/en/feature-flags/${encodeURIComponent(ref.key)}/targeting`;
    },
  };
}

/** Operations of the audit log by which FeatBit itself applies what people prepared (contract §1.4). */
const preparedBy: Record<string, "schedule" | "change_request"> = {
  ApplyFlagSchedule: "schedule",
  ApplyFlagChangeRequest: "change_request",
};

function toOverview(item: z.output<typeof WireFlagListItem>): FlagOverview {
  const { enabledVariations, disabledVariation } = item.serves;
  const values = item.isEnabled ? enabledVariations.map((value) => value ?? "") : [disabledVariation];
  const names = values.map(plainName).join(", ") || "nothing";
  return {
    key: item.key,
    name: item.name,
    isEnabled: item.isEnabled,
    tags: item.tags,
    serves: item.isEnabled ? `on: ${names}` : `off: ${names} for everyone`,
    lastChangeAt: item.lastChange?.happenedAt ?? item.updatedAt,
  };
}

function consoleBase(consoleUrl: string | null): string | null {
  if (consoleUrl === null) return null;
  const url = URL.parse(consoleUrl);
  if (url !== null && /^https?:$/.test(url.protocol))
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  throw new OpsError(
    "misconfigured",
    "featbit.consoleUrl is not an address such as https://featbit.example.com: correct it, or leave it out for no links.",
  );
}

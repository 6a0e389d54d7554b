import type { Evidence, EvidenceGap, EvidenceItem, EvidenceOf } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { FlagSnapshot, Segment } from "../../domain/flag/flag.ts";
import { type Instant, later } from "../../domain/ids.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { Runbook } from "../../domain/runbook.ts";
import { type EnvironmentKeys, type MetricQuery, mayTouch, type Service } from "../../domain/service.ts";
import { describeFlagChange, describeFlagState, type Unnumbered } from "./describe-flag-change.ts";
import { gatherDeploys } from "./gather-deploys.ts";
import { gatherMetrics } from "./gather-metrics.ts";
import { matchRunbooks } from "./match-runbooks.ts";
import type { FlagHistoryEntry, FlagReader } from "../ports/flag-platform.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";
import { type Sourced, withinBudget } from "./within-budget.ts";

/** What of the flag platform gathering uses: reading only. */
export type GatherFlags = Pick<
  FlagReader,
  "refOf" | "list" | "segments" | "history" | "segmentHistory" | "pendingChanges"
>;

export interface GatherRequest {
  incident: IncidentState;
  service: Service | null;
  now: Instant;
  ports: {
    flags: GatherFlags;
    /** Null where no metrics are configured: a gap, not a failure. */
    telemetry: Telemetry | null;
    runbooks: readonly Runbook[];
  };
  /** How far before the trouble began to look. */
  lookBackMs: number;
  /** What every source may take; they are asked at the same time. */
  budgetMs: number;
}

type Item = { [Kind in EvidenceItem["kind"]]: Unnumbered<EvidenceOf<Kind>> }[EvidenceItem["kind"]];

/** How many items of a kind are kept; what is cut is said as a gap. */
const most: Record<Item["kind"], number> = {
  flag_change: 20,
  metric: 40,
  deploy: 10,
  change: 10,
  past_incident: 5,
  runbook: 3,
  flag_change_elsewhere: 8,
  flag_state: 15,
};
const historyLimit = 200;

/** Gathers read-only, from all sources at once, what could explain an incident. A source that fails is a gap. */
export async function gatherEvidence(request: GatherRequest): Promise<Evidence> {
  const { incident, service, now, lookBackMs } = request;
  const beganAt = troubleBeganAt(incident);
  const from = later(beganAt, -lookBackMs);
  if (service === null || incident.scope === null) {
    const reason = "No service of the catalogue matches the alert, so nothing was looked at.";
    return { from, to: now, items: [], gaps: [{ source: "catalogue", reason }] };
  }
  const { project, environment } = incident.scope;
  const window = { from, to: now, beganAt };
  const runbooks = matchRunbooks(request.ports.runbooks, service, incident);
  const [flags, telemetry] = await Promise.all([
    fromFlags(request, service, { project, environment }, window),
    fromTelemetry(request, service, window, runbooks.flatMap(queriesOf(request.ports.runbooks))),
  ]);
  const items = [...flags.items, ...telemetry.items, ...runbooks];
  const { kept, cut } = limited(items.toSorted((a, b) => order(a, b, beganAt)));
  return {
    from,
    to: now,
    items: kept.map((item, index) => ({ ...item, id: `E${index + 1}` })),
    gaps: [...flags.gaps, ...telemetry.gaps, ...cut],
  };
}

interface Window {
  from: Instant;
  to: Instant;
  beganAt: Instant;
}

interface Found {
  items: Item[];
  gaps: EvidenceGap[];
}

async function fromFlags(
  { ports, budgetMs }: GatherRequest,
  service: Service,
  keys: EnvironmentKeys,
  { from, to }: Window,
): Promise<Found> {
  const { flags } = ports;
  const [history, states, segments] = await Promise.all([
    withinBudget(flags.history(keys, from, to, historyLimit), budgetMs),
    withinBudget(flags.list(keys, service.flags), budgetMs),
    withinBudget(flags.segments(keys), budgetMs),
  ]);
  const known = [...valueOr(segments, []), ...valueOr(states, []).flatMap((state) => state.segments)];
  const ours = valueOr(history, []).filter((entry) => touches(service, entry));
  const changes = await Promise.all(
    ours.map((entry) => changeOf(entry, states, known, keys, flags, budgetMs)),
  );
  const gaps = [gapOf("flag changes", history), gapOf("flag states", states), gapOf("segments", segments)];
  if (valueOr(history, []).length >= historyLimit) {
    gaps.push({ source: "flag changes", reason: `Only the newest ${historyLimit} audit entries were read.` });
  }
  return {
    items: [
      ...changes.filter((change) => change !== null),
      ...valueOr(states, []).map((state) => describeFlagState(state)),
    ],
    gaps: gaps.filter((gap) => gap !== null),
  };
}

/** A flag is the service's by what it was or by what it is: a tag taken away does not hide a change. */
function touches(service: Service, { before, after }: FlagHistoryEntry): boolean {
  return [before, after].some((flag) => flag !== null && mayTouch(service, flag));
}

async function changeOf(
  entry: FlagHistoryEntry,
  states: Sourced<FlagSnapshot[]>,
  segments: readonly Segment[],
  keys: EnvironmentKeys,
  flags: Pick<FlagReader, "refOf">,
  budgetMs: number,
): Promise<Item | null> {
  const key = entry.after?.key ?? entry.before?.key;
  if (key === undefined) return null;
  const current =
    states.kind === "gap" ? undefined : (states.value.find(({ ref }) => ref.key === key) ?? null);
  const ref = current?.ref ?? valueOr(await withinBudget(flags.refOf(keys, key), budgetMs), null);
  return ref === null ? null : describeFlagChange(entry, ref, current, segments);
}

async function fromTelemetry(
  { ports: { telemetry }, budgetMs }: GatherRequest,
  service: Service,
  { from, to, beganAt }: Window,
  preferred: readonly string[],
): Promise<Found> {
  if (telemetry === null) {
    return { items: [], gaps: [{ source: "metrics", reason: "No metrics are configured." }] };
  }
  const queries = preferredFirst(service.queries, preferred);
  const { deployQuery } = service;
  const [metrics, deploys] = await Promise.all([
    gatherMetrics({ telemetry, queries, from, to, pivotAt: beganAt, budgetMs }),
    deployQuery === undefined
      ? { kind: "value" as const, value: [] }
      : withinBudget(gatherDeploys(telemetry, deployQuery, from, to), budgetMs),
  ]);
  const gaps = [...metrics.gaps, gapOf("deploys", deploys)].filter((gap) => gap !== null);
  if (queries.length === 0) gaps.push({ source: "metrics", reason: "The catalogue names no query." });
  if (deployQuery === undefined) {
    gaps.push({ source: "deploys", reason: "The catalogue names no deploy query, so deploys are not seen." });
  }
  return { items: [...metrics.metrics, ...valueOr(deploys, [])], gaps };
}

function queriesOf(runbooks: readonly Runbook[]) {
  return ({ runbookId }: { runbookId: string }): string[] =>
    runbooks.find(({ id }) => id === runbookId)?.queries ?? [];
}

function preferredFirst(queries: readonly MetricQuery[], preferred: readonly string[]): MetricQuery[] {
  return [
    ...queries.filter(({ id }) => preferred.includes(id)),
    ...queries.filter(({ id }) => !preferred.includes(id)),
  ];
}

/** The most telling first: changes just before the trouble, what got worse, deploys, then the background. */
function order(a: Item, b: Item, beganAt: Instant): number {
  const [x, y] = [rank(a, beganAt), rank(b, beganAt)];
  return x.group - y.group || x.within - y.within;
}

function rank(item: Item, beganAt: Instant): { group: number; within: number } {
  switch (item.kind) {
    case "flag_change": {
      const lead = Date.parse(beganAt) - Date.parse(item.at);
      return lead >= 0 ? { group: 0, within: lead } : { group: 3, within: -lead };
    }
    case "metric":
      return { group: item.trend === "degraded" ? 1 : 4, within: 0 };
    case "deploy":
    case "change":
      return { group: 2, within: Math.abs(Date.parse(beganAt) - Date.parse(item.at)) };
    case "runbook":
      return { group: 5, within: 0 };
    case "past_incident":
      return { group: 6, within: -Date.parse(item.at) };
    case "flag_change_elsewhere":
      return { group: 7, within: -Date.parse(item.at) };
    case "flag_state":
      return { group: 8, within: 0 };
  }
}

function limited(items: readonly Item[]): { kept: Item[]; cut: EvidenceGap[] } {
  const counts = new Map<Item["kind"], number>();
  const kept = items.filter((item) => {
    const count = (counts.get(item.kind) ?? 0) + 1;
    counts.set(item.kind, count);
    return count <= most[item.kind];
  });
  const cut = [...counts]
    .filter(([kind, count]) => count > most[kind])
    .map(([kind, count]) => ({
      source: kind.replaceAll("_", " "),
      reason: `${count - most[kind]} of ${count} items are left out, the least telling ones.`,
    }));
  return { kept, cut };
}

function gapOf(source: string, sourced: Sourced<unknown>): EvidenceGap | null {
  return sourced.kind === "gap" ? { source, reason: outsideText(sourced.reason) } : null;
}

function valueOr<T, Fallback>(sourced: Sourced<T>, fallback: Fallback): T | Fallback {
  return sourced.kind === "value" ? sourced.value : fallback;
}

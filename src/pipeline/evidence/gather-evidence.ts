import type { Evidence, EvidenceGap } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { type Instant, later } from "../../domain/ids.ts";
import { countFiring, type IncidentState } from "../../domain/incident/incident.ts";
import type { Runbook } from "../../domain/runbook.ts";
import type { MetricQuery, Service } from "../../domain/service.ts";
import { describePastIncident, type PastIncident } from "./describe-past-incident.ts";
import type { Found } from "./evidence-source.ts";
import { gatherChanges, type ReadOutsideChanges } from "./gather-changes.ts";
import { gatherFlagEvidence, type GatherFlags } from "./gather-flag-evidence.ts";
import { gatherMetrics, type MetricsFound } from "./gather-metrics.ts";
import { limitEvidence } from "./limit-evidence.ts";
import { matchRunbooks } from "./match-runbooks.ts";
import type { PastQuestion } from "./read-past-incidents.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { inSpan } from "../../watch/in-span.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";
import { gapOf, valueOr, withinBudget } from "./within-budget.ts";

export interface GatherRequest {
  incident: IncidentState;
  service: Service | null;
  now: Instant;
  ports: {
    flags: GatherFlags;
    /** Null where no metrics are configured: a gap, not a failure. */
    telemetry: Telemetry | null;
    runbooks: readonly Runbook[];
    /** Absent: nobody tells of changes elsewhere. */
    outsideChanges?: ReadOutsideChanges;
    /** Absent: there is no past. */
    pastIncidents?: (question: PastQuestion) => Promise<PastIncident[]>;
  };
  /** How far before the trouble began to look. */
  lookBackMs: number;
  /** What every source may take; they are asked at the same time, so that none delays the others. */
  budgetMs: number;
}

/**
 * Gathers read-only, from all sources at once, what could explain an incident. A source that fails or is late is a
 * gap that says what is therefore not known. Every text from outside is cleaned, redacted and cut where it is read.
 */
export async function gatherEvidence(request: GatherRequest): Promise<Evidence> {
  const { incident, service, now, lookBackMs, ports, budgetMs } = request;
  const beganAt = troubleBeganAt(incident);
  const from = later(beganAt, -lookBackMs);
  const { scope } = incident;
  if (service === null || scope === null) {
    const reason = "No service of the catalogue matches the alert, so nothing was looked at.";
    return { from, to: now, items: [], gaps: [{ source: "catalogue", reason }] };
  }
  const range = { from, to: now, budgetMs };
  const [flags, metrics, changes, past] = await Promise.all([
    inSpan("gather flags", {}, () => gatherFlagEvidence({ flags: ports.flags, service, scope, ...range })),
    inSpan("gather metrics", {}, () => metricsOf(request, service, { ...range, pivotAt: beganAt })),
    inSpan("gather changes", {}, () =>
      gatherChanges({
        telemetry: ports.telemetry,
        deployQuery: service.deployQuery,
        outsideChanges: ports.outsideChanges,
        service: service.name,
        environmentName: scope.environmentName,
        ...range,
      }),
    ),
    inSpan("gather the past", {}, () => pastOf(request, service)),
  ]);
  const runbooks = matchRunbooks(ports.runbooks, service, incident, metrics.metrics);
  const items = [...flags.items, ...metrics.metrics, ...changes.items, ...past.items, ...runbooks];
  const { kept, cut } = limitEvidence(items, beganAt);
  const young = tooYoung(incident, metrics);
  return {
    from,
    to: now,
    items: kept.map((item, index) => ({ ...item, id: `E${index + 1}` })),
    gaps: [...flags.gaps, ...metrics.gaps, ...changes.gaps, ...past.gaps, ...young.gaps, ...cut],
    ...(young.lookAgainAt !== null && { lookAgainAt: young.lookAgainAt }),
  };
}

async function metricsOf(
  { incident, ports }: GatherRequest,
  service: Service,
  range: { from: Instant; to: Instant; pivotAt: Instant; budgetMs: number },
): Promise<MetricsFound> {
  const { telemetry, runbooks } = ports;
  if (telemetry === null) return noMetrics("No metrics are configured.");
  if (service.queries.length === 0) return noMetrics("The catalogue names no query.");
  // What the metrics show is not known yet, so the alerts alone say which runbooks' queries come first.
  const preferred = matchRunbooks(runbooks, service, incident, []).flatMap(
    ({ runbookId }) => runbooks.find(({ id }) => id === runbookId)?.queries ?? [],
  );
  return gatherMetrics({ telemetry, queries: preferredFirst(service.queries, preferred), ...range });
}

function noMetrics(reason: string): MetricsFound {
  return { metrics: [], gaps: [{ source: "metrics", reason }], enoughAt: null };
}

async function pastOf({ incident, now, ports, budgetMs }: GatherRequest, service: Service): Promise<Found> {
  const { pastIncidents } = ports;
  if (pastIncidents === undefined) return { items: [], gaps: [] };
  const question = { service: service.name, flagKeys: service.flags.keys, except: incident.id, now };
  const past = await withinBudget(() => pastIncidents(question), budgetMs);
  return {
    items: valueOr(past, []).map(describePastIncident),
    gaps: gapOf("past incidents", past, "Whether this happened before is not known."),
  };
}

/** While an alert still fires, or a person has just asked, and nothing shows for want of samples, it is too early to conclude anything. */
function tooYoung(
  incident: IncidentState,
  { metrics, enoughAt }: MetricsFound,
): { lookAgainAt: Instant | null; gaps: EvidenceGap[] } {
  const shows = metrics.some(({ trend }) => trend === "degraded" || trend === "recovered");
  const goesOn = countFiring(incident) > 0 || incident.report !== undefined;
  if (enoughAt === null || shows || !goesOn) return { lookAgainAt: null, gaps: [] };
  const reason = `Too few samples since the ${incident.report === undefined ? "alert began" : "message"} to tell whether anything changed; from ${timeWords(enoughAt)} there are enough.`;
  return { lookAgainAt: enoughAt, gaps: [{ source: "metrics", reason }] };
}

function preferredFirst(queries: readonly MetricQuery[], preferred: readonly string[]): MetricQuery[] {
  return [
    ...queries.filter(({ id }) => preferred.includes(id)),
    ...queries.filter(({ id }) => !preferred.includes(id)),
  ];
}

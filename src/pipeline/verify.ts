import type { ChangeState } from "../domain/change/change.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import { ChangeId, type Instant, later, toInstant } from "../domain/ids.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { MetricQuery, Service } from "../domain/service.ts";
import { judge, type Verification } from "../domain/verification.ts";
import type { Store, WorkItem } from "./ports/storage.ts";
import type { Series, Telemetry } from "./ports/telemetry.ts";
import { changeWrite } from "./propose-change.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";

export interface VerifyDeps {
  store: Store;
  telemetry: Telemetry | null;
  services: readonly Service[];
  /** How far before the incident the healthy level is looked for. */
  lookBackMs: number;
  /** Width of the window that stands for "now", milliseconds. */
  windowMs: number;
}

/** Compares the named metric before the trouble, just before the change, and now; says whether it helped. */
export async function verify(item: WorkItem, deps: VerifyDeps): Promise<StageOutcome> {
  const loaded = await deps.store.ledger.change(ChangeId.parse(item.subject));
  if (loaded === null || loaded.state.applied === null || loaded.state.verification !== null) {
    return { kind: "nothing_to_do" };
  }
  const { state, version } = loaded;
  const now = await deps.store.now();
  const verification = await measure(state, state.applied?.at ?? now, now, deps);
  const answer = decideChange({ command: "record_verdict", verification }, state, now);
  if (answer.kind === "refused") return { kind: "nothing_to_do" };
  const result = await deps.store.ledger.commit({
    writes: [changeWrite(state.id, version, answer.events)],
    followUps: [{ stage: "notify", subject: state.incidentId, correlationId: state.correlationId }],
    finish: item,
  });
  return outcomeOf(result);
}

async function measure(
  state: ChangeState,
  appliedAt: Instant,
  now: Instant,
  deps: VerifyDeps,
): Promise<Verification> {
  const service = deps.services.find((entry) => entry.name === state.proposal.action.target.service);
  const query = service?.queries.find((entry) => entry.id === state.proposal.expected?.queryId);
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (query === undefined || deps.telemetry === null || incident === null) {
    return unmeasured(query, appliedAt, now, "No metric was named that could tell whether it helped.");
  }
  const from = later(incident.state.openedAt, -deps.lookBackMs);
  let series: Series[];
  try {
    series = await deps.telemetry.range(query.promql, from, now, stepFor(from, now));
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return unmeasured(query, appliedAt, now, `The metric could not be read: ${error.message}`);
  }
  const onset = Math.min(
    Date.parse(incident.state.openedAt),
    ...incident.state.alerts.map((known) => Date.parse(known.alert.startedAt)),
  );
  const levels = {
    healthy: level(series, Date.parse(from), onset - deps.windowMs),
    troubled: level(series, Date.parse(appliedAt) - deps.windowMs, Date.parse(appliedAt)),
    now: level(series, Math.max(Date.parse(appliedAt), Date.parse(now) - deps.windowMs), Date.parse(now)),
  };
  const { verdict, reason } = judge(query.badDirection, levels);
  const { id: queryId, title, unit } = query;
  return { queryId, title, unit, verdict, reason, ...levels, from: appliedAt, to: now };
}

/** Median over all series' points in [from, to], epoch ms; null with fewer than three points. */
function level(series: readonly Series[], from: number, to: number): number | null {
  const values = series
    .flatMap((one) => one.points)
    .filter(([at]) => at >= from && at <= to)
    .map(([, value]) => value)
    .toSorted((a, b) => a - b);
  if (values.length < 3) return null;
  return values[Math.floor(values.length / 2)] ?? null;
}

/** At most 2,000 points, never finer than a second. */
function stepFor(from: Instant, to: Instant): number {
  return Math.max(1000, Math.ceil((Date.parse(to) - Date.parse(from)) / 2000));
}

function unmeasured(
  query: MetricQuery | undefined,
  from: Instant,
  to: Instant,
  reason: string,
): Verification {
  return {
    queryId: query?.id ?? "",
    title: query?.title ?? "",
    unit: query?.unit ?? "",
    verdict: "no_data",
    healthy: null,
    troubled: null,
    now: null,
    from,
    to: toInstant(Date.parse(to)),
    reason,
  };
}

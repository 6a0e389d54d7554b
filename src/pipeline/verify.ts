import type { ChangeState } from "../domain/change/change.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import { outsideText } from "../domain/evidence/outside-text.ts";
import { ChangeId, type Instant, later } from "../domain/ids.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { MetricQuery, Service } from "../domain/service.ts";
import { judgeWorst, type Levels, type SeriesLevels, type Verification } from "../domain/verification.ts";
import { median } from "./evidence/robust-statistics.ts";
import type { Store, WorkItem } from "./ports/storage.ts";
import type { Series, Telemetry } from "./ports/telemetry.ts";
import { changeWrite } from "./stream-writes.ts";
import { outcomeOf, type StageOutcome } from "./run-stage.ts";
import { troubleBeganAt } from "./trouble-began-at.ts";

export interface VerifyDeps {
  store: Store;
  telemetry: Telemetry | null;
  services: readonly Service[];
  /** How far before the trouble the healthy level is looked for. */
  lookBackMs: number;
  /** How long after the write its effect is judged. */
  verifyAfterMs: number;
  /** Width of the windows just before the change and at the time of judging, milliseconds. */
  windowMs: number;
}

/** So often at least the metrics are asked for before they count as not to be had. */
const leastTries = 5;

/**
 * Compares the named metric before the trouble, just before the change, and a while after it; says whether it
 * helped. Metrics that cannot be read are asked for again for as long as the change was given to show its effect.
 * `lastTry`: nobody will ask again, so what is known now stands.
 */
export async function verify(item: WorkItem, deps: VerifyDeps, lastTry = false): Promise<StageOutcome> {
  const loaded = await deps.store.ledger.change(ChangeId.parse(item.subject));
  const { applied = null, verification: known = null, closure = null } = loaded?.state ?? {};
  // Once another change has taken its place there is nothing left to judge.
  if (loaded === null || applied === null || known !== null || closure?.linkedChangeId) {
    return { kind: "nothing_to_do" };
  }
  const { state, version } = loaded;
  const now = await deps.store.now();
  const isLate = now >= later(applied.at, 2 * deps.verifyAfterMs) && item.attempt >= leastTries;
  const verification = await measure(state, applied.at, now, deps, lastTry || isLate);
  const answer = decideChange({ command: "record_verdict", verification }, state, now);
  if (answer.kind === "refused") return { kind: "nothing_to_do" };
  const result = await deps.store.ledger.commit({
    writes: [changeWrite(state.id, version, answer.events)],
    followUps: [{ stage: "notify", subject: state.incidentId, correlationId: state.correlationId }],
    finish: item,
  });
  return outcomeOf(result);
}

/** @throws OpsError while the metrics cannot be read and it is worth asking again. */
async function measure(
  state: ChangeState,
  appliedAt: Instant,
  now: Instant,
  deps: VerifyDeps,
  giveUp: boolean,
): Promise<Verification> {
  const service = deps.services.find((entry) => entry.name === state.proposal.action.target.service);
  const query = service?.queries.find((entry) => entry.id === state.proposal.expected?.queryId);
  const incident = await deps.store.ledger.incident(state.incidentId);
  // A worker that comes late judges the time it should have judged, not what has happened since.
  const judgedAt = earlier(now, later(appliedAt, deps.verifyAfterMs));
  if (query === undefined || deps.telemetry === null || incident === null) {
    return unmeasured(query, appliedAt, judgedAt, "No metric was named that could tell whether it helped.");
  }
  const onset = earlier(troubleBeganAt(incident.state), appliedAt);
  const windows: Record<keyof Levels, Window> = {
    healthy: { from: later(onset, -deps.lookBackMs), to: later(onset, -deps.windowMs) },
    troubled: { from: later(appliedAt, -deps.windowMs), to: appliedAt },
    now: { from: laterOf(appliedAt, later(judgedAt, -deps.windowMs)), to: judgedAt },
  };
  let series: SeriesLevels[];
  try {
    series = await readLevels(query.promql, windows, deps.telemetry);
  } catch (error) {
    if (!(error instanceof OpsError) || (error.retryable && !giveUp)) throw error;
    return unmeasured(query, appliedAt, judgedAt, `The metric could not be read: ${error.message}`);
  }
  const judged = judgeWorst(query.badDirection, series);
  const { id: queryId, title, unit } = query;
  return { queryId, title, unit, ...judged, from: appliedAt, to: judgedAt };
}

interface Window {
  from: Instant;
  to: Instant;
}

/** Each window is asked for by itself: one step for months of lookback would leave the short ones without samples. */
async function readLevels(
  promql: string,
  windows: Record<keyof Levels, Window>,
  telemetry: Telemetry,
): Promise<SeriesLevels[]> {
  const [healthy, troubled, now] = await Promise.all(
    [windows.healthy, windows.troubled, windows.now].map(async ({ from, to }) => {
      const series = from < to ? await telemetry.range(promql, from, to, stepFor(from, to)) : [];
      return new Map(series.map(({ labels, points }) => [nameOf(labels), level(points)]));
    }),
  );
  const names = new Set([healthy, troubled, now].flatMap((levels) => [...(levels?.keys() ?? [])]));
  return [...names].map((name) => ({
    name: outsideText(name, 100),
    healthy: healthy?.get(name) ?? null,
    troubled: troubled?.get(name) ?? null,
    now: now?.get(name) ?? null,
  }));
}

/** Labels in words, equal for equal label sets. */
function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** Null with fewer than three points. */
function level(points: Series["points"]): number | null {
  return points.length < 3 ? null : median(points.map(([, value]) => value));
}

/** About a hundred points, never finer than a quarter of a second. */
function stepFor(from: Instant, to: Instant): number {
  return Math.max(250, Math.ceil((Date.parse(to) - Date.parse(from)) / 100));
}

function earlier(one: Instant, other: Instant): Instant {
  return one < other ? one : other;
}

function laterOf(one: Instant, other: Instant): Instant {
  return one < other ? other : one;
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
    to,
    reason,
  };
}

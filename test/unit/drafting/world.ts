import type { Alert } from "../../../src/domain/alert.ts";
import type { Flag, FlagRef, FlagSnapshot, Segment, Variation } from "../../../src/domain/flag/flag.ts";
import { Tool } from "../../../src/domain/flag/operation.ts";
import { ChangeId, CorrelationId, IncidentId, type Instant, toInstant } from "../../../src/domain/ids.ts";
import type { IncidentState } from "../../../src/domain/incident/incident.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { ControlReading } from "../../../src/domain/policy/controls.ts";
import type { Rulebook } from "../../../src/domain/policy/rulebook.ts";
import type { Runbook } from "../../../src/domain/runbook.ts";
import { Service } from "../../../src/domain/service.ts";
import { assess, type AssessDeps } from "../../../src/pipeline/drafting/assess.ts";
import { gatherEvidence, type GatherRequest } from "../../../src/pipeline/evidence/gather-evidence.ts";
import type { GatherFlags } from "../../../src/pipeline/evidence/gather-flag-evidence.ts";
import type { AssessmentResult } from "../../../src/pipeline/investigate.ts";
import type { Ladder } from "../../../src/pipeline/drafting/ladder.ts";
import type { ModelDrafter } from "../../../src/pipeline/ports/drafter.ts";
import type { FlagHistoryEntry } from "../../../src/pipeline/ports/flag-platform.ts";
import type { Series, Telemetry } from "../../../src/pipeline/ports/telemetry.ts";
import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { ladderOf } from "../../support/model-fixtures.ts";
import { contractWith, exampleRoles, noGuardrails } from "../../support/policy-fixtures.ts";

/** A small world for the drafting stages: flags with a past, metrics as functions of time, one alert. */

export const now = Date.parse("2026-03-01T12:00:00.000Z");
export const minutes = (count: number): number => count * 60_000;
/** `count` minutes before now. */
export const ago = (count: number): Instant => toInstant(now - minutes(count));

export const internal: Segment = {
  id: "seg-internal",
  name: "Internal",
  key: "internal",
  included: [],
  excluded: [],
  rules: [],
  updatedAt: ago(9999),
  isArchived: false,
};

export const two: Variation[] = [
  { id: "v-base", name: "baseline", value: "baseline" },
  { id: "v-new", name: "reranker_v2", value: "reranker_v2" },
];
const bool: Variation[] = [
  { id: "v-on", name: "on", value: "true" },
  { id: "v-off", name: "off", value: "false" },
];

let revision = 0;

/** `shares` of the default rule in percent by variation id, in order. */
export function flagOf(key: string, shares: Record<string, number>, more: Partial<Flag> = {}): Flag {
  const variations = more.variations ?? two;
  let end = 0;
  const slices = Object.entries(shares).map(([id, percent]) => {
    const start = end;
    end = Math.round((end + percent / 100) * 1e6) / 1e6;
    const rollout: [number, number] = [start, end];
    return { id, rollout, exptRollout: 1 };
  });
  return {
    id: `id-${key}`,
    revision: `r${(revision += 1)}`,
    key,
    name: key,
    description: "",
    tags: ["support"],
    createdAt: ago(99_999),
    updatedAt: ago(99_999),
    isArchived: false,
    isEnabled: true,
    variationType: "string",
    variations,
    targetUsers: [],
    rules: [],
    fallthrough: { dispatchKey: null, includedInExpt: false, variations: slices },
    exptIncludeAllTargets: true,
    disabledVariationId: variations === bool ? "v-off" : "v-base",
    ...more,
  };
}

export const boolFlag = (key: string, isEnabled: boolean): Flag =>
  flagOf(key, { "v-on": 100 }, { isEnabled, variations: bool, variationType: "boolean" });

/** Level before and after an instant, with deterministic noise. */
export function jump(at: Instant, before: number, after: number, noise = 0.05) {
  return (time: number): number =>
    (time < Date.parse(at) ? before : after) * (1 + noise * Math.sin(time * 12.9898) * Math.cos(time / 7919));
}

interface WorldSeries {
  labels?: Record<string, string>;
  value: (time: number) => number;
  /** First and last sample, epoch ms; default all of the window. */
  from?: number;
  to?: number;
}

export interface World {
  changes?: (Pick<FlagHistoryEntry, "before" | "after"> & {
    at: Instant;
    comment?: string;
    author?: string;
  })[];
  /** Flags as they are now; default: what the newest change of each led to. */
  flags?: Flag[];
  metrics?: Record<string, WorldSeries[]>;
  deploys?: { version: string; at: Instant }[];
  alert?: Partial<Alert>;
  alertResolvedAt?: Instant;
  /** No `internalSegment` for this service. */
  noInternalSegment?: boolean;
  runbooks?: Runbook[];
  fails?: ("history" | "list" | "segments" | "telemetry")[];
  hangs?: ("history" | "list" | "segments" | "telemetry")[];
  noTelemetry?: boolean;
}

const ref = (key: string): FlagRef => ({ project: "p", environment: "prod", environmentId: "env-1", key });

export function serviceOf(world: World): Service {
  const ids = Object.keys(world.metrics ?? {});
  return Service.parse({
    name: "support-assistant",
    owner: "support",
    environments: { production: { project: "p", environment: "prod" } },
    flags: { tags: ["support"] },
    ...(world.noInternalSegment === true ? {} : { internalSegment: "internal" }),
    queries: ids.map((id) => ({
      id,
      title: id,
      promql: id,
      unit: id.includes("ratio") ? "ratio" : "s",
      badDirection: id.includes("success") ? "down" : "up",
    })),
    ...(world.deploys === undefined ? {} : { deployQuery: "deploys" }),
    sources: [{ id: "alertmanager" }],
  });
}

export function incidentOf(world: World): IncidentState {
  const alert: Alert = {
    sourceId: "alertmanager",
    fingerprint: "f",
    status: "firing",
    title: "Answers are slow",
    summary: "",
    severity: "critical",
    startedAt: ago(4),
    endedAt: null,
    labels: { service: "support-assistant", environment: "production" },
    links: [],
    groupHint: null,
    ...world.alert,
  };
  return {
    id: IncidentId.parse("INC-0000000001"),
    kind: "alert",
    status: "open",
    groupKey: "g",
    correlationId: CorrelationId.parse("c-1"),
    title: alert.title,
    severity: alert.severity,
    scope: { service: "support-assistant", environmentName: "production", project: "p", environment: "prod" },
    tenant: "",
    channel: "",
    requester: { kind: "source", sourceId: "alertmanager" },
    openedAt: ago(3),
    episodeStartedAt: ago(3),
    resolvedAt: null,
    alerts: [{ alert, joinedAt: ago(3), resolvedAt: world.alertResolvedAt ?? null }],
    otherAlerts: { firing: [], ended: [] },
    alertCount: 1,
    kinds: [],
    sources: [],
    inhibited: [],
    lastHeardAt: null,
    reopenedAt: [],
    flappingSince: null,
    evidence: null,
    assessment: null,
    candidates: [],
    noChange: null,
    withheld: null,
    investigatedAt: null,
    linkedChangeId: null,
    acknowledgedBy: null,
    mutedUntil: null,
    mutedService: null,
    feedback: [],
  };
}

function authorOf(name: string): FlagHistoryEntry["author"] {
  return { name, email: name.endsWith("(access token)") ? null : `${name.toLowerCase()}@example.org` };
}

function historyOf(world: World): FlagHistoryEntry[] {
  return (world.changes ?? [])
    .map(({ at, before, after, comment = "", author = "Maya" }, index) => ({
      auditId: `audit-${index}`,
      at,
      author: authorOf(author),
      comment,
      before,
      after,
    }))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function flagsOf(world: World): Flag[] {
  if (world.flags !== undefined) return world.flags;
  const newest = new Map<string, Flag>();
  for (const { after } of historyOf(world)) {
    if (after !== null && !newest.has(after.key)) newest.set(after.key, after);
  }
  return [...newest.values()];
}

export function flagReader(world: World): GatherFlags & { asked: string[] } {
  const asked: string[] = [];
  function answer<T>(what: "history" | "list" | "segments", value: () => T): Promise<T> {
    asked.push(what);
    if (world.hangs?.includes(what) === true) return new Promise(() => undefined);
    if (world.fails?.includes(what) === true) {
      return Promise.reject(new OpsError("unreachable", `FeatBit cannot be reached (${what}).`));
    }
    return Promise.resolve(value());
  }
  return {
    asked,
    refOf: (_, key) => Promise.resolve(ref(key)),
    segmentHistory: () => Promise.resolve([]),
    pendingChanges: () => Promise.resolve([]),
    list: (_, select) =>
      answer("list", () =>
        flagsOf(world)
          .filter(
            ({ key, tags }) => select.keys.includes(key) || tags.some((tag) => select.tags.includes(tag)),
          )
          .map((flag): FlagSnapshot => ({ ref: ref(flag.key), flag, segments: [] })),
      ),
    segments: () => answer("segments", () => [internal]),
    history: (_, from, to, limit) =>
      answer("history", () =>
        historyOf(world)
          .filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to))
          .slice(0, limit),
      ),
  };
}

export function telemetryOf(world: World): Telemetry {
  return {
    range(promql, from, to, stepMs) {
      if (world.hangs?.includes("telemetry") === true) return new Promise(() => undefined);
      if (world.fails?.includes("telemetry") === true) {
        return Promise.reject(new OpsError("unreachable", "Prometheus cannot be reached."));
      }
      const series = promql === "deploys" ? deploySeries(world) : (world.metrics?.[promql] ?? []);
      return Promise.resolve(series.map((one) => sampled(one, from, to, stepMs)));
    },
  };
}

function deploySeries(world: World): WorldSeries[] {
  const starts = (world.deploys ?? []).map(({ at }) => Date.parse(at));
  const versions = ["1.0.0", ...(world.deploys ?? []).map(({ version }) => version)];
  return versions.map((version, index) => ({
    labels: { version },
    value: () => 1,
    from: index === 0 ? -Infinity : (starts[index - 1] ?? 0),
    to: (starts[index] ?? Infinity) - 1,
  }));
}

function sampled(
  { labels = {}, value, from: first = -Infinity, to: last = Infinity }: WorldSeries,
  from: Instant,
  to: Instant,
  stepMs: number,
): Series {
  const points: [number, number][] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += stepMs) {
    if (at >= first && at <= last && Number.isFinite(value(at))) points.push([at, value(at)]);
  }
  return { labels, points };
}

export const reading: ControlReading = {
  mode: "approval_required",
  approvalRequired: true,
  deniedTools: [],
  promptProfile: "default",
  modelRoute: "default",
  investigation: false,
  lowered: [],
  evaluations: [],
};

/** Every tool that changes a flag, with one approval. */
export const allowingRulebook: Rulebook = {
  contracts: new Map(Tool.options.map((tool) => [tool, contractWith({ tool })])),
  roles: exampleRoles,
  guardrails: noGuardrails,
};

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export function gather(
  world: World,
  budgetMs = 1000,
  ports: Partial<GatherRequest["ports"]> = {},
): Promise<Evidence> {
  return gatherEvidence({
    incident: incidentOf(world),
    service: serviceOf(world),
    now: toInstant(now),
    ports: {
      flags: flagReader(world),
      telemetry: world.noTelemetry === true ? null : telemetryOf(world),
      runbooks: world.runbooks ?? [],
      ...ports,
    },
    lookBackMs: minutes(60),
    budgetMs,
  });
}

export async function investigateWorld(
  world: World,
  options: {
    model?: ModelDrafter;
    ladder?: Ladder;
    mode?: ControlReading["mode"];
    deps?: Partial<AssessDeps>;
    investigation?: boolean;
  } = {},
): Promise<AssessmentResult & { evidence: Evidence; asked: string[] }> {
  const evidence = await gather(world);
  const flags = flagReader(world);
  const result = await assess(
    incidentOf(world),
    serviceOf(world),
    evidence,
    {
      ...reading,
      mode: options.mode ?? "approval_required",
      investigation: options.investigation ?? false,
    },
    {
      flags,
      rulebook: allowingRulebook,
      ladder: options.ladder ?? (options.model === undefined ? null : ladderOf(options.model)),
      verifyAfterMs: minutes(5),
      log: quiet,
      ...options.deps,
    },
  );
  return { ...result, evidence, asked: flags.asked };
}

export const ownChange = ChangeId.parse("CHG-0000000042");

/** Scenario: the support assistant's new answer profile reaches 10 % and is slow. */
export function rerankerWorld(more: Partial<World> = {}): World {
  const at = ago(6);
  return {
    changes: [
      {
        at,
        before: flagOf("support_answer_profile", { "v-base": 100 }),
        after: flagOf("support_answer_profile", { "v-base": 90, "v-new": 10 }),
      },
    ],
    metrics: {
      latency: [{ value: jump(at, 0.8, 2.4) }],
      correction_ratio: [{ value: jump(at, 0.04, 0.054) }],
      latency_by_variation: [
        { labels: { variation: "baseline" }, value: jump(at, 0.8, 0.8) },
        { labels: { variation: "reranker_v2" }, value: jump(at, 2.9, 2.9), from: Date.parse(at) },
      ],
    },
    deploys: [],
    ...more,
  };
}

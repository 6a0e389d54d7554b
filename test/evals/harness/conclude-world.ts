import type { Documents } from "../../../src/documents/load-documents.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import type { Assessment, Candidate } from "../../../src/domain/assessment.ts";
import { scopeOf } from "../../../src/domain/catalogue.ts";
import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import type { FlagSnapshot } from "../../../src/domain/flag/flag.ts";
import { compile, type Plan } from "../../../src/domain/flag/plan.ts";
import { CorrelationId, DeliveryId, IncidentId, type Instant, toInstant } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { evolveIncident, type IncidentState } from "../../../src/domain/incident/incident.ts";
import type { ControlReading } from "../../../src/domain/policy/controls.ts";
import { Service } from "../../../src/domain/service.ts";
import { assess } from "../../../src/pipeline/drafting/assess.ts";
import { gatherEvidence } from "../../../src/pipeline/evidence/gather-evidence.ts";
import type { Ladder } from "../../../src/pipeline/drafting/ladder.ts";
import type { World } from "./world.ts";
import { outsideChangesOf } from "./world-changes.ts";
import { flagPlatform, instantAgo, minuteMs, now, segmentsAt, snapshotsAt } from "./world-flags.ts";
import { deployQuery, telemetryOf } from "./world-telemetry.ts";

export interface Conclusion {
  incident: IncidentState;
  evidence: Evidence;
  assessment: Assessment;
  candidates: Candidate[];
  /** What would be shown for approval, compiled once more from the flag as it is then; null: no change. */
  proposed: { candidate: Candidate; snapshot: FlagSnapshot; plan: Plan } | null;
  /** Of the whole way from the alert to the checked assessment. */
  tookMs: number;
  transcript: string | null;
}

/** Who concludes, and by which documents. */
export interface Drafting {
  /** Null: rules alone. */
  ladder: Ladder | null;
  documents: Pick<Documents, "governance" | "runbooks">;
  /** Evidence that was gathered already: it does not depend on who concludes from it. Without it, it is gathered anew. */
  gathered?: Map<World, Evidence>;
}

const reading: ControlReading = {
  mode: "approval_required",
  approvalRequired: true,
  deniedTools: [],
  promptProfile: "default",
  modelRoute: "default",
  investigation: false,
  lowered: [],
  evaluations: [],
};

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** As `timing.lookBack` and `timing.verifyAfter` are when nobody sets them. */
const lookBackMs = 120 * minuteMs;
const verifyAfterMs = 5 * minuteMs;
const budgetMs = 250;
/** Between the reading of the evidence and the offer of candidates, in which people go on working. */
const meanwhileMs = 20_000;

/** Sends a world through the stages that production uses: gather, then assess, with everything around them faked. */
export async function concludeWorld(
  world: World,
  { ladder, documents, gathered = new Map() }: Drafting,
): Promise<Conclusion> {
  const service = serviceIn(world);
  const incident = incidentIn(world, service);
  let clock = now;
  const flags = flagPlatform(world, () => clock);
  const began = performance.now();
  const evidence =
    gathered.get(world) ??
    (await gatherEvidence({
      incident,
      service,
      now: toInstant(now),
      ports: {
        flags,
        telemetry: telemetryOf(world),
        runbooks: documents.runbooks,
        outsideChanges: outsideChangesOf(world),
      },
      lookBackMs,
      budgetMs,
    }));
  gathered.set(world, evidence);
  clock += meanwhileMs;
  const result = await assess(incident, service, evidence, reading, {
    flags,
    rulebook: documents.governance,
    ladder,
    verifyAfterMs,
    log: quiet,
  });
  const tookMs = performance.now() - began;
  const { assessment, candidates, transcript } = result;
  const candidate = candidates.find(({ id }) => id === assessment.candidateId);
  return {
    incident,
    evidence,
    assessment,
    candidates,
    proposed: candidate === undefined ? null : proposalOf(world, incident, candidate, clock),
    tookMs,
    transcript,
  };
}

/** As `investigate` does it: a candidate that no longer compiles is no recommendation. */
function proposalOf(world: World, { scope }: IncidentState, candidate: Candidate, at: number) {
  const snapshots = snapshotsAt(world, scope?.environment ?? "", at);
  const snapshot = snapshots.find(({ flag }) => flag.key === candidate.flagKey);
  if (snapshot === undefined) return null;
  const compiled = compile(candidate.operation, snapshot, segmentsAt(world, at));
  return compiled.kind === "plan" ? { candidate, snapshot, plan: compiled.plan } : null;
}

function serviceIn(world: World): Service {
  return Service.parse({
    name: world.service,
    owner: "shop team",
    environments: Object.fromEntries(
      world.environments.map((environment) => [environment, { project: "shop", environment }]),
    ),
    flags: { tags: ["shop"] },
    ...(world.hasInternalSegment ? { internalSegment: "internal" } : {}),
    queries: Object.entries(world.metrics).map(([id, { title, unit, bad }]) => ({
      id,
      title,
      promql: id,
      unit,
      badDirection: bad,
    })),
    ...(world.deploys === undefined ? {} : { deployQuery }),
    runbooks: world.runbooks,
    sources: [{ id: "alertmanager" }],
  });
}

function incidentIn(world: World, service: Service): IncidentState {
  const alert = alertIn(world);
  const id = IncidentId.parse("INC-0000000001");
  const scope = scopeOf(alert, service);
  const heardAt = toInstant(Math.max(Date.parse(alert.startedAt), now - minuteMs / 2));
  let state: IncidentState | null = null;
  const tell = (command: IncidentCommand, at: Instant): void => {
    const answer = decideIncident(command, state, at);
    if (answer.kind === "refused") throw new Error(`${world.name}: ${command.command}: ${answer.reason}`);
    for (const event of answer.events) state = evolveIncident(id, state, event);
  };
  tell(
    {
      command: "open",
      kind: "alert",
      groupKey: `service/${world.service}`,
      correlationId: CorrelationId.parse("eval"),
      title: alert.title,
      severity: alert.severity,
      scope,
      tenant: "",
      channel: "",
      requester: { kind: "source", sourceId: alert.sourceId },
    },
    heardAt,
  );
  const deliveryId = DeliveryId.parse("00000000-0000-4000-8000-000000000000");
  tell({ command: "join_alert", deliveryId, alert }, heardAt);
  const { resolvedAgo } = world.alert;
  if (resolvedAgo !== undefined) {
    const endedAt = instantAgo(resolvedAgo);
    tell({ command: "join_alert", deliveryId, alert: { ...alert, status: "resolved", endedAt } }, endedAt);
  }
  if (state === null) throw new Error("an opened incident has a state");
  return state;
}

function alertIn(world: World): Alert {
  const { title, summary, ago, labels } = world.alert;
  return {
    sourceId: "alertmanager",
    fingerprint: "eval",
    status: "firing",
    title,
    summary,
    severity: "critical",
    startedAt: instantAgo(ago),
    endedAt: null,
    labels: {
      service: world.service,
      ...(world.environment === null ? {} : { environment: world.environment }),
      ...labels,
    },
    links: [],
    groupHint: null,
  };
}

import { type Assessment, type Candidate, rulesRoute } from "../domain/assessment.ts";
import { type Evidence, type EvidenceItem, itemsOf } from "../domain/evidence/evidence.ts";
import { compile } from "../domain/flag/plan.ts";
import { IncidentId, type Instant } from "../domain/ids.ts";
import type { IncidentCommand } from "../domain/incident/decide-incident.ts";
import { isInvestigated, type IncidentState } from "../domain/incident/incident.ts";
import { contentHash } from "../domain/ledger/chain.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { ControlReading } from "../domain/policy/controls.ts";
import type { Decision } from "../domain/policy/decision.ts";
import { authority, type Mode, powersOf } from "../domain/policy/mode.ts";
import type { Service } from "../domain/service.ts";
import { heldBackFor } from "./follow-mute.ts";
import { answerOnce, earlierLooks, keepEvidence, type Look } from "./keep-findings.ts";
import type { Log } from "./ports/log.ts";
import type { Controls } from "./ports/controls.ts";
import type { FlagReader } from "./ports/flag-platform.ts";
import type { WorkItem } from "./ports/storage.ts";
import { type Draft, type RecordDeps, recordFindings } from "./record-findings.ts";
import type { StageOutcome } from "./run-stage.ts";

/** What assessing gives: the checked assessment, what was on offer, and the model's exchange if there was one. */
export interface AssessmentResult {
  assessment: Assessment;
  candidates: Candidate[];
  /** What a model had looked up beyond the evidence, numbered on from it; absent: nothing. */
  added?: EvidenceItem[];
  transcript: string | null;
}

export interface InvestigateDeps extends RecordDeps {
  controls: Controls;
  flags: Pick<FlagReader, "refOf" | "read" | "segments">;
  services: readonly Service[];
  gather: (incident: IncidentState, service: Service | null, now: Instant) => Promise<Evidence>;
  assess: (
    incident: IncidentState,
    service: Service | null,
    evidence: Evidence,
    reading: ControlReading,
  ) => Promise<AssessmentResult>;
  log: Log;
}

/**
 * Gathers evidence, assesses it, and drafts one change or says why none. Runs once per (re)opened incident. Where
 * trying again is of no use, that it could not be done is recorded: people must not wait for a card that never comes.
 */
export async function investigate(
  item: WorkItem,
  deps: InvestigateDeps,
  lastTry: boolean,
): Promise<StageOutcome> {
  try {
    return await look(item, deps, lastTry);
  } catch (error) {
    const hopeless = error instanceof OpsError && !error.retryable;
    if (!hopeless && !lastTry) throw error;
    return giveUp(item, deps, error);
  }
}

const giveUpAgainMs = 30_000;

async function giveUp(item: WorkItem, deps: InvestigateDeps, error: unknown): Promise<StageOutcome> {
  const { correlationId, stage, subject, attempt } = item;
  const expected = error instanceof OpsError;
  deps.log.error(
    {
      correlationId,
      stage,
      intent: `${stage} ${subject}`,
      errorClass: expected ? error.code : "bug",
      attempt,
      err: error,
    },
    `Could not be investigated in ${attempt} tries; recorded as such`,
  );
  const why = expected ? error.message : "a fault in Signalman itself, which its log describes.";
  const assessment: Assessment = {
    route: rulesRoute,
    cause: "unknown",
    summary: "This could not be investigated. Nobody has looked for the cause yet.",
    suspects: [],
    candidateId: null,
    abstention: `The investigation failed: ${why}`.slice(0, 1000),
    expected: null,
    confidence: "low",
    cappedBecause: [],
    gaps: [],
    dropped: [],
  };
  const command: IncidentCommand = {
    command: "record_assessment",
    assessment,
    candidates: [],
    transcript: null,
  };
  try {
    return await recordFindings(item, { commands: [command] }, deps);
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    return { kind: "again", inMs: giveUpAgainMs, because: failure.message };
  }
}

async function look(item: WorkItem, deps: InvestigateDeps, lastTry: boolean): Promise<StageOutcome> {
  const { store } = deps;
  const loaded = await store.ledger.incident(IncidentId.parse(item.subject));
  if (loaded === null || loaded.state.status === "closed" || isInvestigated(loaded.state)) {
    return { kind: "nothing_to_do" };
  }
  const incident = loaded.state;
  const heldBackMs = await heldBackFor(incident, store, await store.now());
  if (heldBackMs !== null) return { kind: "again", inMs: heldBackMs, because: "its service is muted" };
  const service = deps.services.find((entry) => entry.name === incident.scope?.service) ?? null;
  const reading = await deps.controls.read(contextOf(incident));
  const withheld: IncidentCommand = { command: "withhold", decision: modeDecision(reading) };
  if (!powersOf[reading.mode].gathersEvidence) {
    return recordFindings(item, { commands: [withheld] }, deps);
  }

  const now = await store.now();
  const earlier = await earlierLooks(item, reading.mode, store, now);
  const found =
    earlier.usable ?? (await keepEvidence(item, await deps.gather(incident, service, now), earlier, store));
  const waitMs = untilSecondLook(found, now);
  if (waitMs !== null) {
    return { kind: "again", inMs: waitMs, because: "The trouble is too young to be judged by its samples." };
  }

  const answer = await answerOnce(found, reading.mode, store, () =>
    deps.assess(incident, service, found.evidence, reading),
  );
  const { assessment, candidates, evidence, evidenceBody, transcriptBody } = answer;
  return recordFindings(
    item,
    {
      commands: [
        {
          command: "record_evidence",
          bodyId: evidenceBody.id,
          hash: contentHash(evidence),
          items: evidence.items.length,
          gaps: evidence.gaps,
        },
        {
          command: "record_assessment",
          assessment,
          candidates,
          transcript:
            transcriptBody === null
              ? null
              : { bodyId: transcriptBody.id, hash: contentHash(transcriptBody.text) },
        },
        ...(draftsIn(reading.mode) ? [] : [withheld]),
      ],
      bodies: transcriptBody === null ? [evidenceBody] : [evidenceBody, transcriptBody],
      draft: await draftOf(incident, evidence, answer, deps, lastTry),
    },
    deps,
  );
}

/** Trouble is waited for at most this long; people read the alert's own card meanwhile. */
const longestWaitMs = 3 * 60_000;
const shortestWaitMs = 1_000;

/** How long to wait before looking once more, because the trouble is too young; null: what was found must do. */
function untilSecondLook({ evidence, second }: Look, now: Instant): number | null {
  const { lookAgainAt } = evidence;
  if (lookAgainAt === undefined || second || hasDegraded(evidence)) return null;
  const dueAt = Math.min(Date.parse(lookAgainAt), Date.parse(evidence.to) + longestWaitMs);
  return Math.max(dueAt - Date.parse(now), shortestWaitMs);
}

function hasDegraded(evidence: Evidence): boolean {
  return itemsOf(evidence, "metric").some(({ trend }) => trend === "degraded");
}

/** Modes in which a change is drafted at all; in the lower ones there is a summary or nothing. */
export function draftsIn(mode: Mode): boolean {
  return mode === "observe" || authority(mode) >= authority("draft_write");
}

export function contextOf(incident: IncidentState) {
  return {
    incidentId: incident.id,
    service: incident.scope?.service ?? "",
    environment: incident.scope?.environment ?? "",
    project: incident.scope?.project ?? "",
    tool: "",
    riskClass: "",
    severity: incident.severity,
    source: incident.requester.kind === "source" ? incident.requester.sourceId : "",
    agent: "signalman",
  };
}

function modeDecision(reading: ControlReading): Decision {
  return {
    kind: "constrain",
    mode: reading.mode,
    rule: "control_mode",
    reasons: [`The mode is ${reading.mode}, in which no change is drafted.`],
    controls: reading.evaluations,
    policyHash: "",
    hardAuthorization: "",
    guardrails: [],
  };
}

/**
 * Compiles the chosen candidate again from the flag as it is now; what no longer compiles is not proposed. Nor is
 * what cannot be read: the evidence and the assessment are worth showing without it.
 */
async function draftOf(
  incident: IncidentState,
  evidence: Evidence,
  { assessment, candidates }: AssessmentResult,
  deps: InvestigateDeps,
  lastTry: boolean,
): Promise<Draft | { refusedBecause: string } | null> {
  const candidate = candidates.find((offer) => offer.id === assessment.candidateId);
  if (candidate === undefined || incident.scope === null) return null;
  const { project, environment } = incident.scope;
  const keys = { project, environment };
  try {
    const ref = await deps.flags.refOf(keys, candidate.flagKey);
    const snapshot = await deps.flags.read(ref);
    if (snapshot === null) return { refusedBecause: `The flag ${candidate.flagKey} is gone by now.` };
    const compiled = compile(candidate.operation, snapshot, await deps.flags.segments(keys));
    if (compiled.kind === "refused") return { refusedBecause: compiled.reason };
    return { plan: compiled.plan, candidate, evidence, assessment };
  } catch (error) {
    if (!(error instanceof OpsError) || (error.retryable && !lastTry)) throw error;
    const refusedBecause = `The flag ${candidate.flagKey} could not be read again to draft a change: ${error.message}`;
    return { refusedBecause };
  }
}

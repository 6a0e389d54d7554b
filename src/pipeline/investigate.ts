import { agentName, type Assessment, type Candidate } from "../domain/assessment.ts";
import type { Evidence } from "../domain/evidence/evidence.ts";
import { compile, type Plan } from "../domain/flag/plan.ts";
import { type ChangeId, IncidentId, type Instant } from "../domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../domain/incident/decide-incident.ts";
import { isInvestigated, type IncidentState } from "../domain/incident/incident.ts";
import { contentHash } from "../domain/ledger/chain.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { ControlReading } from "../domain/policy/controls.ts";
import type { Decision } from "../domain/policy/decision.ts";
import { authority, type Mode, powersOf } from "../domain/policy/mode.ts";
import type { Service } from "../domain/service.ts";
import { commitDecision } from "./commit-decision.ts";
import type { Log } from "./ports/log.ts";
import type { Controls } from "./ports/controls.ts";
import type { FlagReader } from "./ports/flag-platform.ts";
import type { Body, Commit, Loaded, Store, StreamWrite, WorkItem } from "./ports/storage.ts";
import { proposeChange, type ProposeDeps } from "./propose-change.ts";
import type { StageOutcome } from "./run-stage.ts";

/** What assessing gives: the checked assessment, what was on offer, and the model's exchange if there was one. */
export interface AssessmentResult {
  assessment: Assessment;
  candidates: Candidate[];
  transcript: string | null;
}

export interface InvestigateDeps extends ProposeDeps {
  store: Store;
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
  newBodyId: () => string;
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
    route: { drafter: "rules", model: null, prompt: null, fellBack: null },
    cause: "unknown",
    summary: "This could not be investigated. Nobody has looked for the cause yet.",
    suspects: [],
    candidateId: null,
    abstention: `The investigation failed: ${why}`.slice(0, 1000),
    expected: null,
    confidence: "low",
    dropped: [],
  };
  const command: IncidentCommand = {
    command: "record_assessment",
    assessment,
    candidates: [],
    transcript: null,
  };
  try {
    return await record(item, deps, { commands: [command] });
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    return { kind: "again", inMs: giveUpAgainMs, because: failure.message };
  }
}

async function look(item: WorkItem, deps: InvestigateDeps, lastTry: boolean): Promise<StageOutcome> {
  const loaded = await incidentOf(item, deps);
  if (loaded === null || loaded.state.status === "closed" || isInvestigated(loaded.state)) {
    return { kind: "nothing_to_do" };
  }
  const incident = loaded.state;
  const service = deps.services.find((entry) => entry.name === incident.scope?.service) ?? null;
  const reading = await deps.controls.read(contextOf(incident));
  const powers = powersOf[reading.mode];
  if (!powers.gathersEvidence) {
    return record(item, deps, { commands: [{ command: "withhold", decision: modeDecision(reading) }] });
  }

  const evidence = await deps.gather(incident, service, await deps.store.now());
  const evidenceBody: Body = { id: deps.newBodyId(), kind: "evidence", text: JSON.stringify(evidence) };
  const gathered: IncidentCommand = {
    command: "record_evidence",
    bodyId: evidenceBody.id,
    hash: contentHash(evidence),
    items: evidence.items.length,
    gaps: evidence.gaps,
  };

  const result = await deps.assess(incident, service, evidence, reading);
  const transcriptBody: Body | null =
    result.transcript === null ? null : { id: deps.newBodyId(), kind: "transcript", text: result.transcript };
  const assessed: IncidentCommand = {
    command: "record_assessment",
    assessment: result.assessment,
    candidates: result.candidates,
    transcript:
      transcriptBody === null ? null : { bodyId: transcriptBody.id, hash: contentHash(transcriptBody.text) },
  };
  const withheld: IncidentCommand[] = draftsIn(reading.mode)
    ? []
    : [{ command: "withhold", decision: modeDecision(reading) }];
  return record(item, deps, {
    commands: [gathered, assessed, ...withheld],
    bodies: transcriptBody === null ? [evidenceBody] : [evidenceBody, transcriptBody],
    draft: await draftOf(incident, evidence, result, deps, lastTry),
  });
}

/** Modes in which a change is drafted at all; in the lower ones there is a summary or nothing. */
export function draftsIn(mode: Mode): boolean {
  return mode === "observe" || authority(mode) >= authority("draft_write");
}

async function incidentOf(item: WorkItem, deps: InvestigateDeps): Promise<Loaded<IncidentState> | null> {
  return deps.store.ledger.incident(IncidentId.parse(item.subject));
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
  };
}

interface Draft {
  plan: Plan;
  candidate: Candidate;
  evidence: Evidence;
  assessment: Assessment;
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

interface Findings {
  commands: IncidentCommand[];
  bodies?: Body[];
  draft?: Draft | { refusedBecause: string } | null;
}

/** One commit: what was found, the change if there is one, and the end of this work. */
async function record(item: WorkItem, deps: InvestigateDeps, findings: Findings): Promise<StageOutcome> {
  return commitDecision<StageOutcome>(deps.store, async () => {
    const loaded = await incidentOf(item, deps);
    if (loaded === null || isInvestigated(loaded.state)) {
      return { kind: "answer", answer: { kind: "nothing_to_do" } };
    }
    const now = await deps.store.now();
    return {
      kind: "commit",
      commit: await commitOf(loaded, findings, item, deps, now, null),
      after: async (result) => {
        if (result.kind === "lease_lost") return { kind: "handed_over" };
        if (result.kind !== "flag_busy") return { kind: "committed" };
        // Another incident's change for this flag is open: point at it instead of drafting a second one.
        const linked = await commitOf(loaded, findings, item, deps, now, result.changeId);
        const second = await deps.store.ledger.commit(linked);
        return second.kind === "committed"
          ? { kind: "committed" }
          : { kind: "again", inMs: 200, because: `linking to ${result.changeId}: ${second.kind}` };
      },
    };
  });
}

async function commitOf(
  { state, version }: Loaded<IncidentState>,
  { commands, bodies, draft }: Findings,
  item: WorkItem,
  deps: InvestigateDeps,
  now: Instant,
  busyWith: ChangeId | null,
): Promise<Commit> {
  const all: IncidentCommand[] = [...commands];
  const writes: StreamWrite[] = [];
  const followUps: Commit["followUps"] = [
    { stage: "notify", subject: state.id, correlationId: state.correlationId },
  ];
  if (draft && busyWith !== null) {
    const busy = await deps.store.ledger.change(busyWith);
    // After a relapse it may be this incident's own change that is open: its card shows it already.
    if (busy?.state.incidentId !== state.id) all.push(linkTo(busyWith));
  } else if (draft && "plan" in draft) {
    const { assessment, candidate, evidence } = draft;
    const proposed = await proposeChange(
      {
        incident: state,
        plan: draft.plan,
        summary: candidate.summary,
        requester: state.requester,
        agent: agentName(assessment.route),
        expected: assessment.expected,
        lineage: null,
        evidence: {
          confidence: assessment.confidence,
          citations: new Set(assessment.suspects.flatMap((suspect) => suspect.citations)).size,
          gaps: evidence.gaps.length,
        },
      },
      deps,
      now,
    );
    writes.push(proposed.write);
    followUps.push(...proposed.followUps);
  }
  const events = all.flatMap((command) => {
    const answer = decideIncident(withRefusal(command, draft), state, now);
    return answer.kind === "events" ? answer.events : [];
  });
  writes.unshift({
    kind: "incident",
    stream: streamOf("incident", state.id),
    id: state.id,
    expectedVersion: version,
    events,
  });
  return { writes, followUps, bodies: bodies ?? [], finish: item };
}

function linkTo(changeId: ChangeId): IncidentCommand {
  return { command: "link", changeId };
}

/** A candidate that no longer compiles turns the recommendation into none, with the reason. */
function withRefusal(command: IncidentCommand, draft: Findings["draft"]): IncidentCommand {
  if (command.command !== "record_assessment" || !draft || !("refusedBecause" in draft)) return command;
  const { assessment } = command;
  return {
    ...command,
    assessment: { ...assessment, candidateId: null, abstention: draft.refusedBecause },
  };
}

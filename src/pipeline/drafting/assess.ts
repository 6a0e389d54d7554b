import {
  type Assessment,
  type DrafterRoute,
  type ExpectedEffect,
  rulesRoute,
} from "../../domain/assessment.ts";
import { type Evidence, itemsOf, judgedEvidence } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { FlagRef } from "../../domain/flag/flag.ts";
import type { IncidentId } from "../../domain/ids.ts";
import type { InvestigationLimits } from "../../domain/investigation-limits.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ControlReading } from "../../domain/policy/controls.ts";
import { powersOf } from "../../domain/policy/mode.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";
import type { Service } from "../../domain/service.ts";
import type { ToolCall } from "../../domain/tool-call.ts";
import { cappedBecause } from "./cap-confidence.ts";
import { checkAssessment } from "./check-assessment.ts";
import { draftByRules } from "./draft-by-rules.ts";
import { createInvestigation, type Investigation } from "./investigation.ts";
import { type AssessmentResult, draftsIn } from "../investigate.ts";
import type { Ladder } from "./ladder.ts";
import { type Offer, offerCandidates } from "./offer-candidates.ts";
import { worstMetric } from "./order-suspects.ts";
import type { ReadPorts } from "./read-tools.ts";
import type { Controls } from "../ports/controls.ts";
import type { DraftBrief } from "../ports/drafter.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { Log } from "../ports/log.ts";

export interface AssessDeps {
  flags: Pick<FlagReader, "list" | "segments" | "history">;
  rulebook: Rulebook;
  /** Null where no model is configured: rules draft, and the card says so. */
  ladder: Ladder | null;
  /** Why the sources of this incident's alerts may not lead to a change of this flag; absent: they all may. */
  outOfReach?: (incident: IncidentState, flag: FlagRef) => string | null;
  /** How long after a change its effect is judged, milliseconds. */
  verifyAfterMs: number;
  /** Absent: no model looks around, whatever the control says. */
  lookAround?: LookAroundDeps;
  log: Log;
}

/** What a model may look at before it concludes, where `signalman-investigation` is on. */
export interface LookAroundDeps {
  ports: ReadPorts;
  /** Asked again before every call. */
  controls: Controls;
  limits: InvestigationLimits;
  /** What one call may take, milliseconds. */
  budgetMs: number;
  record: (id: IncidentId, call: ToolCall) => Promise<void>;
}

/** Offers candidates and asks a drafter to conclude: the models where the mode and the settings allow, else rules. */
export async function assess(
  incident: IncidentState,
  service: Service | null,
  evidence: Evidence,
  reading: ControlReading,
  deps: AssessDeps,
): Promise<AssessmentResult> {
  const drafting = draftsIn(reading.mode);
  const offered = drafting ? await offer(incident, service, evidence, deps) : noOffer;
  const { candidates } = offered;
  const brief: DraftBrief = { incident, service, evidence, candidates, controls: reading };
  const investigation = reading.investigation ? investigationOf(brief, deps) : undefined;
  const { assessment, transcript } = await draft(brief, reading, investigation, deps);
  const judged = judgedEvidence(investigation?.evidence() ?? evidence);
  const blamed = candidates.find(({ id }) => id === assessment.candidateId)?.flagKey;
  const about = blamed ?? assessment.suspects[0]?.flagKey;
  return {
    assessment: {
      ...assessment,
      abstention:
        !drafting && assessment.cause === "flag"
          ? `In mode ${reading.mode} no change is drafted.`
          : assessment.abstention,
      expected: assessment.candidateId === null ? null : expectedEffect(judged, deps.verifyAfterMs),
      cappedBecause:
        about === undefined
          ? []
          : cappedBecause(assessment.confidence, { evidence: judged, incident }, about),
      gaps: gapLines(evidence),
      dropped: [...assessment.dropped, ...offered.notes],
    },
    candidates,
    ...(investigation !== undefined && { added: investigation.added() }),
    transcript,
  };
}

/** Undefined where there is nothing that could be looked at. */
function investigationOf(
  { incident, service, evidence }: DraftBrief,
  { lookAround, rulebook }: AssessDeps,
): Investigation | undefined {
  const { scope } = incident;
  if (lookAround === undefined || service === null || scope === null) return undefined;
  return createInvestigation({
    incident,
    service,
    scope,
    evidence,
    rulebook,
    ...lookAround,
    record: (call) => lookAround.record(incident.id, call),
  });
}

const noOffer: Offer = { candidates: [], notes: [] };

async function offer(
  incident: IncidentState,
  service: Service | null,
  evidence: Evidence,
  { flags, rulebook, outOfReach, log }: AssessDeps,
): Promise<Offer> {
  if (service === null || incident.scope === null || itemsOf(evidence, "flag_change").length === 0)
    return noOffer;
  const { project, environment } = incident.scope;
  const keys = { project, environment };
  try {
    const [snapshots, segments, history] = await Promise.all([
      flags.list(keys, service.flags),
      flags.segments(keys),
      flags.history(keys, evidence.from, evidence.to, 200),
    ]);
    return offerCandidates({
      incident,
      evidence,
      service,
      snapshots,
      segments,
      history,
      rulebook,
      outOfReach: (flag) => outOfReach?.(incident, flag) ?? null,
    });
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const { correlationId } = incident;
    log.warn(
      { correlationId, intent: "offer candidates", stage: "investigate", errorClass: error.code },
      error.message,
    );
    return { candidates: [], notes: [outsideText(`No candidate could be offered: ${error.message}`)] };
  }
}

async function draft(
  brief: DraftBrief,
  reading: ControlReading,
  investigation: Investigation | undefined,
  { ladder }: AssessDeps,
): Promise<{ assessment: Assessment; transcript: string | null }> {
  if (ladder === null) return { assessment: byRules(brief, rulesRoute), transcript: null };
  if (powersOf[reading.mode].drafter !== "model_else_rules") {
    const fellBack = `In mode ${reading.mode} rules draft, not the model.`;
    return { assessment: byRules(brief, { ...rulesRoute, fellBack }), transcript: null };
  }
  const { route, answer, transcript } = await ladder.draft(brief, investigation);
  const seen = { ...brief, evidence: investigation?.evidence() ?? brief.evidence };
  return {
    assessment: answer === null ? byRules(brief, route) : checkAssessment(answer, seen),
    transcript,
  };
}

function byRules(brief: DraftBrief, route: DrafterRoute): Assessment {
  return { ...draftByRules(brief), route };
}

/** The metric that got worse most must come back, and by when. Code says so, never the model. */
function expectedEffect(evidence: Evidence, withinMs: number): ExpectedEffect | null {
  const worst = worstMetric(evidence);
  if (worst === undefined) return null;
  return { queryId: worst.queryId, direction: worst.badDirection === "up" ? "down" : "up", withinMs };
}

function gapLines({ gaps }: Evidence): string[] {
  return gaps.map(({ source, reason }) => outsideText(`${source}: ${reason}`));
}

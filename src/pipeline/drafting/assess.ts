import type { Assessment, Candidate, ExpectedEffect } from "../../domain/assessment.ts";
import { type Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ControlReading } from "../../domain/policy/controls.ts";
import { powersOf } from "../../domain/policy/mode.ts";
import type { Service } from "../../domain/service.ts";
import { checkAssessment } from "./check-assessment.ts";
import { draftByRules } from "./draft-by-rules.ts";
import { type AssessmentResult, draftsIn } from "../investigate.ts";
import { offerCandidates } from "./offer-candidates.ts";
import { worstMetric } from "./order-suspects.ts";
import type { DraftBrief, ModelDrafter } from "../ports/drafter.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { Log } from "../ports/log.ts";

export interface AssessDeps {
  flags: Pick<FlagReader, "list" | "segments" | "history">;
  /** Null where no model is configured: rules draft, and the card says so. */
  model: ModelDrafter | null;
  /** How long after a change its effect is judged, milliseconds. */
  verifyAfterMs: number;
  log: Log;
}

/** Offers candidates and asks a drafter to conclude: the model where the mode and the settings allow, else rules. */
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
  const { assessment, transcript } = await draft(brief, reading, deps);
  return {
    assessment: {
      ...assessment,
      abstention:
        !drafting && assessment.cause === "flag"
          ? `In mode ${reading.mode} no change is drafted.`
          : assessment.abstention,
      expected: assessment.candidateId === null ? null : expectedEffect(evidence, deps.verifyAfterMs),
      dropped: [...assessment.dropped, ...offered.notes],
    },
    candidates,
    transcript,
  };
}

interface Offer {
  candidates: Candidate[];
  notes: string[];
}

const noOffer: Offer = { candidates: [], notes: [] };

async function offer(
  incident: IncidentState,
  service: Service | null,
  evidence: Evidence,
  { flags, log }: AssessDeps,
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
    return { candidates: offerCandidates({ evidence, service, snapshots, segments, history }), notes: [] };
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
  { model, log }: AssessDeps,
): Promise<{ assessment: Assessment; transcript: string | null }> {
  if (model === null) return byRules(brief, null);
  if (powersOf[reading.mode].drafter !== "model_else_rules") {
    return byRules(brief, `In mode ${reading.mode} rules draft, not the model.`);
  }
  try {
    const answer = await model.draft(brief);
    return { assessment: checkAssessment(answer.assessment, brief), transcript: answer.transcript };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const { correlationId } = brief.incident;
    log.warn(
      { correlationId, intent: "draft with the model", stage: "investigate", errorClass: error.code },
      error.message,
    );
    return byRules(brief, outsideText(error.message));
  }
}

function byRules(brief: DraftBrief, fellBack: string | null): { assessment: Assessment; transcript: null } {
  const assessment = draftByRules(brief);
  return { assessment: { ...assessment, route: { ...assessment.route, fellBack } }, transcript: null };
}

/** The metric that got worse most must come back, and by when. Code says so, never the model. */
function expectedEffect(evidence: Evidence, withinMs: number): ExpectedEffect | null {
  const worst = worstMetric(evidence);
  if (worst === undefined) return null;
  return { queryId: worst.queryId, direction: worst.badDirection === "up" ? "down" : "up", withinMs };
}

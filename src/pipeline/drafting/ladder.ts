import { type Assessment, type DrafterRoute, type RouteStep, rulesRoute } from "../../domain/assessment.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { ModelBudget } from "../../domain/model-budget.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Prompt } from "../../domain/prompt.ts";
import { checkPrompts, chooseInvestigationPrompt, choosePrompt } from "./choose-prompt.ts";
import type { Investigation } from "./investigation.ts";
import { createMeter, type MeterOptions, StorageAway } from "./meter.ts";
import type { DraftBrief, Exchange, Opinion } from "../ports/drafter.ts";
import type { Log } from "../ports/log.ts";
import type { Budgets } from "../ports/storage.ts";
import { createRung, type LadderRoute, type LookAround, type Rung, type RungTiming } from "./rung.ts";

export interface LadderOptions {
  /** `default` is the primary model, `fallback` the one that stands in; others are reached by the control alone. */
  routes: readonly LadderRoute[];
  /** `assess` is required; a profile `x` is answered with `assess-x` where there is one. */
  prompts: readonly Prompt[];
  budget: ModelBudget;
  budgets: Pick<Budgets, "take" | "add">;
  log: Log;
  timing?: RungTiming;
}

/** Where a climb ended: with a model's answer, unchecked, or at the rules. */
export interface Climb {
  /** Complete where a model answered; where none did, that of the rules. */
  route: DrafterRoute;
  /** Null: rules must draft. */
  answer: Assessment | null;
  /** Everything said to models and by them, as JSON; null where nothing was. */
  transcript: string | null;
}

export interface Ladder {
  /** Never throws for a model's failure: the next rung is asked, and the last one is the rules. */
  draft(brief: DraftBrief, investigation?: Investigation): Promise<Climb>;
}

/** The route that asks no model; a control may assign it. */
export const rulesRouteName = "rules";
const primary = "default";
const standIn = "fallback";

/**
 * Assigned model, then the fallback model, then the rules, which the caller holds. Throws `OpsError("misconfigured")`
 * at once for prompts that cannot work.
 */
export function createLadder(options: LadderOptions): Ladder {
  checkPrompts(options.prompts);
  const rungs = new Map(options.routes.map((route) => [route.name, createRung(route, options.timing)]));

  return {
    async draft(brief, investigation) {
      const { promptProfile, modelRoute } = brief.controls;
      const assigned = outsideText(modelRoute, 64);
      if (modelRoute === rulesRouteName) {
        return { route: { ...rulesRoute, assigned }, answer: null, transcript: null };
      }
      const { prompt, instructions, insteadOf } = choosePrompt(options.prompts, promptProfile);
      const steps: RouteStep[] = [];
      const said: (Exchange & { route: string })[] = [];
      if (insteadOf !== null) {
        steps.push({ route: `prompt ${insteadOf}`, because: `There is no prompts/${insteadOf}.md.` });
      }
      const looking = investigation === undefined ? null : lookingAround(investigation, options.prompts);
      if (!rungs.has(modelRoute)) {
        const known = [...rungs.keys()].join(", ");
        steps.push({
          route: assigned,
          because: `There is no such route in model.routes; known are ${known}.`,
        });
      }
      for (const rung of rungsFor(modelRoute, rungs)) {
        const opinion = await climb(rung, { brief, instructions, looking }, said, steps, options);
        if (opinion === null) continue;
        const { id, version, hash } = prompt;
        const route: DrafterRoute = {
          drafter: "model",
          model: rung.model,
          prompt: { id, version, hash },
          fellBack: null,
          assigned,
          actual: rung.name,
          steps,
          ...investigated(looking),
        };
        return { route, answer: toAssessment(opinion, route), transcript: transcriptOf(said) };
      }
      const fellBack = steps.at(-1)?.because ?? "No model is configured.";
      return {
        route: { ...rulesRoute, assigned, steps, fellBack, ...investigated(looking) },
        answer: null,
        transcript: transcriptOf(said),
      };
    },
  };
}

/** The assigned rung, then the stand-in; for a route without stand-in the primary model is one. */
function rungsFor(assigned: string, rungs: ReadonlyMap<string, Rung>): Rung[] {
  const below =
    rungs.has(standIn) && (assigned === primary || rungs.has(assigned)) ? [standIn] : [primary, standIn];
  return [...new Set([assigned, ...below])].flatMap((name) => rungs.get(name) ?? []);
}

/** A rung's answer, or null after noting why it gave none. */
async function climb(
  rung: Rung,
  { brief, instructions, looking }: { brief: DraftBrief; instructions: string; looking: Looking | null },
  said: (Exchange & { route: string })[],
  steps: RouteStep[],
  { budget, budgets, log }: LadderOptions,
): Promise<Opinion | null> {
  const { id, correlationId } = brief.incident;
  const metered: MeterOptions = {
    incidentId: id,
    prices: rung.prices,
    budget,
    budgets,
    keep: (exchange) => said.push({ route: rung.name, ...exchange }),
  };
  // Half of what one incident may cost is left for the conclusion.
  const forLooking: ModelBudget = {
    ...budget,
    tokensPerIncident: budget.tokensPerIncident / 2,
    costPerIncident: budget.costPerIncident / 2,
  };
  try {
    return await rung.climb({
      brief,
      instructions,
      meter: createMeter(metered),
      ...(looking !== null && {
        lookAround: { ...looking, meter: createMeter({ ...metered, budget: forLooking }) },
      }),
    });
  } catch (error) {
    if (error instanceof StorageAway) throw error.cause;
    if (!(error instanceof OpsError)) throw error;
    log.warn(
      {
        correlationId,
        intent: `draft with route ${rung.name}`,
        stage: "investigate",
        errorClass: error.code,
      },
      error.message,
    );
    steps.push({ route: rung.name, because: outsideText(error.message, 300) });
    return null;
  }
}

type Looking = Omit<LookAround, "meter"> & { prompt: Prompt };

/** Null where the model cannot be told how; that is then on record. */
function lookingAround(investigation: Investigation, prompts: readonly Prompt[]): Looking | null {
  const chosen = chooseInvestigationPrompt(prompts, investigation.limits);
  return chosen === null || investigation.isOver() ? null : { investigation, ...chosen };
}

function investigated(looking: Looking | null): Pick<DrafterRoute, "investigation"> {
  if (looking === null) return {};
  const { id, version, hash } = looking.prompt;
  const { calls, ended } = looking.investigation.told();
  return { investigation: { prompt: { id, version, hash }, calls: calls.length, ended } };
}

function toAssessment(opinion: Opinion, route: DrafterRoute): Assessment {
  return { ...opinion, route, expected: null, cappedBecause: [], gaps: [], dropped: [] };
}

function transcriptOf(said: readonly (Exchange & { route: string })[]): string | null {
  return said.length === 0 ? null : JSON.stringify({ exchanges: said });
}

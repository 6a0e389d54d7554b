import { type Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { type Instant, later } from "../../domain/ids.ts";
import type { IncidentScope } from "../../domain/incident/events.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { type Look, type LookBounds, lookSchema } from "../../domain/look.ts";
import type { Runbook } from "../../domain/runbook.ts";
import type { Service } from "../../domain/service.ts";
import { describePastIncident, type PastIncident } from "../evidence/describe-past-incident.ts";
import type { Found, Item } from "../evidence/evidence-source.ts";
import { gatherChanges, type ReadOutsideChanges } from "../evidence/gather-changes.ts";
import { gatherFlagEvidence, type GatherFlags } from "../evidence/gather-flag-evidence.ts";
import { gatherMetrics } from "../evidence/gather-metrics.ts";
import { describeRunbook } from "../evidence/match-runbooks.ts";
import type { PastQuestion } from "../evidence/read-past-incidents.ts";
import { withinBudget } from "../evidence/within-budget.ts";
import type { ToolOffer } from "../ports/drafter.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";

/** The world that may be looked at: nothing that gathering evidence does not read as well. */
export interface ReadPorts {
  flags: GatherFlags;
  telemetry: Telemetry | null;
  runbooks: readonly Runbook[];
  outsideChanges?: ReadOutsideChanges;
  pastIncidents?: (question: PastQuestion) => Promise<PastIncident[]>;
}

export interface ReadContext {
  incident: IncidentState;
  service: Service;
  scope: IncidentScope;
  /** As it was gathered. */
  evidence: Evidence;
  ports: ReadPorts;
  /** What one look may take. */
  budgetMs: number;
}

export type Shown = { kind: "shown"; items: Item[] } | { kind: "failed"; because: string };

/** Queries, flags and runbooks of the incident's service, within the window that was gathered. */
export function boundsOf({ service, ports, evidence }: ReadContext): LookBounds {
  const { from, to } = evidence;
  const seen = [...itemsOf(evidence, "flag_change"), ...itemsOf(evidence, "flag_state")];
  return {
    queryIds: service.queries.map(({ id }) => id),
    flagKeys: new Set([...service.flags.keys, ...seen.map(({ ref }) => ref.key)]),
    runbookIds: runbooksOf(service, ports.runbooks).map(({ id }) => id),
    from,
    to,
  };
}

/** What is on offer: tools that have something to look at. */
export function offersOf(context: ReadContext, bounds: LookBounds): (ToolOffer & { name: Look["tool"] })[] {
  const { service, ports } = context;
  const { telemetry } = ports;
  const hasDeploys = telemetry !== null && service.deployQuery !== undefined;
  const queries = service.queries.map(({ id, title, unit }) => `${id}: ${title} (${unit})`);
  const runbooks = runbooksOf(service, ports.runbooks).map(({ id, title }) => `${id}: ${title}`);
  const offers: [Look["tool"], boolean, string][] = [
    [
      "metric.query",
      telemetry !== null && queries.length > 0,
      `One query over a window of your choice, compared before and after. ${queries.join("; ")}.`,
    ],
    ["flag.read", true, "Who gets what of one flag now."],
    ["audit.read", true, "Every change of one flag in a window, before and after."],
    ["runbook.read", runbooks.length > 0, `One runbook. ${runbooks.join("; ")}.`],
    [
      "deploy.read",
      hasDeploys || ports.outsideChanges !== undefined,
      "Deploys and other changes of the service in a window.",
    ],
    ["incident.read", ports.pastIncidents !== undefined, "Earlier incidents of the service and its flags."],
  ];
  return offers
    .filter(([, isThere]) => isThere)
    .map(([name, , description]) => ({ name, description, parameters: lookSchema(name, bounds) }));
}

/** Takes one look. Sources that do not answer are no failure of the model's. */
export async function takeLook(look: Look, context: ReadContext): Promise<Shown> {
  const { service, ports } = context;
  switch (look.tool) {
    case "metric.query":
      return readMetric(look, context);
    case "flag.read": {
      const { from, to } = context.evidence;
      const found = await readFlag(look.flagKey, { from, to }, context);
      return shownOf(found, "flag states", ({ kind }) => kind === "flag_state");
    }
    case "audit.read":
      return shownOf(
        await readFlag(look.flagKey, look, context),
        "flag changes",
        ({ kind }) => kind === "flag_change",
      );
    case "runbook.read": {
      const found = runbooksOf(service, ports.runbooks).filter(({ id }) => id === look.runbookId);
      return { kind: "shown", items: found.map(describeRunbook) };
    }
    case "deploy.read":
      return readDeploys(look, context);
    case "incident.read":
      return readPast(context);
  }
}

/** A service that names some has only those. */
function runbooksOf(service: Service, runbooks: readonly Runbook[]): Runbook[] {
  return runbooks.filter(({ id }) => service.runbooks.length === 0 || service.runbooks.includes(id));
}

async function readMetric(
  { queryId, from, to, stepSeconds }: Extract<Look, { tool: "metric.query" }>,
  { incident, service, ports: { telemetry }, budgetMs }: ReadContext,
): Promise<Shown> {
  const query = service.queries.find(({ id }) => id === queryId);
  if (telemetry === null || query === undefined)
    return { kind: "failed", because: "There is no such query." };
  const beganAt = troubleBeganAt(incident);
  const { metrics, gaps } = await gatherMetrics({
    telemetry,
    queries: [query],
    from,
    to,
    pivotAt: beganAt > from && beganAt < to ? beganAt : later(from, (Date.parse(to) - Date.parse(from)) / 2),
    budgetMs,
    stepMs: stepSeconds * 1000,
  });
  if (metrics.length === 0) return { kind: "failed", because: gaps[0]?.reason ?? "Nothing was found." };
  const chosen = `Looked at from ${timeWords(from)} to ${timeWords(to)}, as the model asked.`;
  const items = metrics.map((metric) => ({ ...metric, text: [chosen, ...metric.text], asked: { from, to } }));
  return { kind: "shown", items };
}

/** Through the same door as gathering, for this flag and this environment alone. */
function readFlag(
  key: string,
  { from, to }: { from: Instant; to: Instant },
  { service, scope, ports, budgetMs }: ReadContext,
): Promise<Found> {
  const { project, environment, environmentName } = scope;
  const alone: Service = {
    ...service,
    flags: { keys: [key], tags: [] },
    environments: { [environmentName]: { project, environment } },
  };
  return gatherFlagEvidence({ flags: ports.flags, service: alone, scope, from, to, budgetMs });
}

async function readDeploys(
  { from, to }: { from: Instant; to: Instant },
  { service, scope, ports, budgetMs }: ReadContext,
): Promise<Shown> {
  const found = await gatherChanges({
    telemetry: ports.telemetry,
    deployQuery: service.deployQuery,
    outsideChanges: ports.outsideChanges,
    service: service.name,
    environmentName: scope.environmentName,
    from,
    to,
    budgetMs,
  });
  return shownOf(found, "deploys", () => true);
}

async function readPast({ incident, service, evidence, ports, budgetMs }: ReadContext): Promise<Shown> {
  const { pastIncidents } = ports;
  if (pastIncidents === undefined) return { kind: "shown", items: [] };
  const flagKeys = service.flags.keys;
  const question = { service: service.name, flagKeys, except: incident.id, now: evidence.to };
  const past = await withinBudget(() => pastIncidents(question), budgetMs);
  if (past.kind === "gap") return { kind: "failed", because: outsideText(past.reason) };
  return { kind: "shown", items: past.value.map(describePastIncident) };
}

function shownOf({ items, gaps }: Found, source: string, wanted: (item: Item) => boolean): Shown {
  const shown = items.filter(wanted);
  const gap = gaps.find((one) => one.source === source);
  if (shown.length === 0 && gap !== undefined) return { kind: "failed", because: gap.reason };
  return { kind: "shown", items: shown };
}

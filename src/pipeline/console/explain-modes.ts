import { Tool } from "../../domain/flag/operation.ts";
import type { ActionContract } from "../../domain/policy/action-contract.ts";
import { decideRead } from "../../domain/policy/decide-read.ts";
import { ReadTool } from "../../domain/policy/tool-name.ts";
import { decideNow } from "../decide-now.ts";
import { contextFor, noIncident, type Place, placesOf } from "../places-of.ts";
import type { EnvironmentModes, ToolMode } from "../ports/console-reads.ts";
import type { ConsoleDeps } from "./console-reads.ts";

/** More than any contract's evidence rule asks for: what will be cited is not known before there is an incident. */
const enoughCitations = 10;

/** Asks policy itself, tool by tool, so that what is shown is what would be decided. */
export function explainModes(deps: ConsoleDeps): Promise<EnvironmentModes[]> {
  return Promise.all(placesOf(deps.services).map((place) => modesAt(place, deps)));
}

async function modesAt(place: Place, deps: ConsoleDeps): Promise<EnvironmentModes> {
  const { mode, lowered, evaluations } = await deps.controls.read(contextFor(place));
  const tools = [
    ...(await Promise.all(Tool.options.map((tool) => modeOfTool(tool, place, deps)))),
    ...(await Promise.all(ReadTool.options.map((tool) => modeOfRead(tool, place, deps)))),
  ];
  return { ...place, control: { mode, lowered, evaluations }, tools };
}

async function modeOfTool(tool: Tool, place: Place, deps: ConsoleDeps): Promise<ToolMode> {
  const governance = deps.rulebook.contracts.get(tool) ?? null;
  const { service, project, environment } = place;
  const action: ActionContract = {
    request: noIncident,
    workflow: "incident-response",
    session: "",
    account: "",
    actor: { agent: "signalman", service: "signalman", requester: { kind: "source", sourceId: "" } },
    intent: "",
    tool,
    target: { project, environment, environmentId: "", key: "", service, tags: [] },
    riskClass: governance?.riskClass ?? "irreversible",
    reversibility: governance?.reversibility ?? "none",
    scope: {
      maxMovedPercent: 0,
      targetsMoved: 0,
      segments: [],
      apiScopes: [],
      raisesAuthority: false,
    },
    evidence: { confidence: null, citations: enoughCitations, gaps: 0, coverage: null, earlierReview: "" },
    fallback: "off",
  };
  const about = { plan: null, incident: null };
  const { kind, mode, rule, reasons } = await decideNow(action, about, { approvals: [] }, deps);
  return { tool, contractMode: governance?.defaultMode ?? null, kind, mode, rule, reasons };
}

async function modeOfRead(
  tool: ReadTool,
  place: Place,
  { controls, rulebook }: ConsoleDeps,
): Promise<ToolMode> {
  const governance = rulebook.contracts.get(tool) ?? null;
  const { kind, mode, rule, reason } = decideRead({
    tool,
    workflow: "incident-response",
    environment: place.environment,
    tags: [],
    governance,
    roles: rulebook.roles,
    controls: await controls.read(contextFor(place)),
  });
  return { tool, contractMode: governance?.defaultMode ?? null, kind, mode, rule, reasons: [reason] };
}

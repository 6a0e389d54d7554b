import { z } from "zod";
import { type ControlReading, EvaluatedControl } from "./controls.ts";
import { policyHash } from "./decide-action.ts";
import type { GovernanceContract } from "./governance-contract.ts";
import { authority, lowestMode, Mode, powersOf } from "./mode.ts";
import type { Roles } from "./roles.ts";
import type { ReadTool } from "./tool-name.ts";

/** What policy says of one look that a model wants to take. A look needs nobody's approval. */
export const ReadDecision = z.strictObject({
  kind: z.enum(["allow", "deny"]),
  /** The effective mode of this tool. */
  mode: Mode,
  /** The rule that settled it. */
  rule: z.string(),
  reason: z.string(),
  /** The controls that have a say in it, as they were at the call. */
  controls: z.array(EvaluatedControl),
  /** Hash of the parsed governance contract and roles it was decided under. */
  policyHash: z.string(),
});
export type ReadDecision = z.infer<typeof ReadDecision>;

export interface ReadRequest {
  tool: ReadTool;
  workflow: "incident-response" | "human-request";
  /** Key of the flag platform's environment. */
  environment: string;
  /** Tags of the flag that is looked at; empty where it is none, or not known yet. */
  tags: readonly string[];
  governance: GovernanceContract | null;
  roles: Roles;
  controls: ControlReading;
}

/** What decides over a read among the controls. */
const telling: ReadonlySet<string> = new Set([
  "signalman-mode",
  "signalman-denied-tools",
  "signalman-investigation",
]);

/** Pure and total, default deny. Asked before every call, with what holds then. */
export function decideRead(request: ReadRequest): ReadDecision {
  const { tool, governance, controls } = request;
  const facts = {
    controls: controls.evaluations.filter(({ key }) => telling.has(key)),
    policyHash: policyHash(governance, request.roles, null),
  };
  const deny = (rule: string, reason: string, mode: Mode = "off"): ReadDecision => ({
    kind: "deny",
    mode,
    rule,
    reason,
    ...facts,
  });

  if (governance === null || governance.tool !== tool) {
    return deny("no_contract", `There is no governance contract for ${tool}, so it may not be used.`);
  }
  const boundary = boundaryBroken(request, governance);
  if (boundary !== null) return deny("hard_boundary", boundary);
  if (!controls.investigation) {
    return deny("control_investigation", "Investigation is switched off (signalman-investigation).");
  }
  if (controls.deniedTools.includes(tool)) {
    return deny("denied_tools", `The tool ${tool} is on the deny list (signalman-denied-tools).`);
  }
  const mode = effectiveMode(controls.mode, governance);
  const { gathersEvidence, drafter } = powersOf[mode];
  if (!gathersEvidence || drafter !== "model_else_rules") {
    return deny("mode", `In mode ${mode} a model may not look at anything.`, mode);
  }
  const reason = `The contract of ${tool} allows it in mode ${mode}.`;
  return { kind: "allow", mode, rule: "contract", reason, ...facts };
}

function boundaryBroken(
  { tool, workflow, environment, tags }: ReadRequest,
  { workflow: only, hardBoundary }: GovernanceContract,
): string | null {
  if (only !== "any" && only !== workflow) return `The contract of ${tool} allows it only in ${only}.`;
  if (hardBoundary.blockedEnvironments.includes(environment)) {
    return `The contract of ${tool} blocks the environment ${environment}.`;
  }
  const tag = tags.find((name) => hardBoundary.blockedTags.includes(name));
  return tag === undefined ? null : `The contract of ${tool} blocks flags tagged ${tag}.`;
}

/** The lower of contract and control, brought down to a mode that the contract allows; `off` is always allowed. */
function effectiveMode(control: Mode, { defaultMode, allowedModes }: GovernanceContract): Mode {
  const most = authority(lowestMode(defaultMode, control));
  const allowed = allowedModes.filter((mode) => authority(mode) <= most);
  return allowed.toSorted((a, b) => authority(b) - authority(a))[0] ?? "off";
}

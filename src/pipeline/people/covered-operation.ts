import type { Severity } from "../../domain/alert.ts";
import type { Confidence } from "../../domain/assessment.ts";
import type { FlagRef } from "../../domain/flag/flag.ts";
import { isRestore, type ToolOperation } from "../../domain/flag/operation.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import type { Service } from "../../domain/service.ts";
import type { StandingLimits } from "../../domain/standing/decide-standing.ts";
import type { DecideDeps } from "../decide-now.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { StandingWish } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";

export interface CoveredDeps extends DecideDeps {
  store: Store;
  services: readonly Service[];
  flags: Pick<FlagReader, "refOf" | "read">;
}

/** Exactly what would be covered. */
export interface Covered {
  ref: FlagRef;
  operation: ToolOperation;
  service: string;
  tags: string[];
  what: string;
}

/** What is meant, or why it cannot be. */
export async function coveredBy(of: StandingWish["of"], deps: CoveredDeps): Promise<Covered | string> {
  if (of.kind === "change") {
    const loaded = await deps.store.ledger.change(of.changeId);
    if (loaded === null) return `There is no change ${of.changeId}.`;
    const { plan, action, summary } = loaded.state.proposal;
    if (action.actor.requester.kind !== "source") {
      return "Only a change that an alert led to can be allowed ahead: somebody asked for this one.";
    }
    if (isRestore(plan.operation)) return "What only brings something back cannot be allowed ahead.";
    const { service, tags } = action.target;
    if (service === "") return "The change belongs to no service of the catalogue.";
    return { ref: plan.ref, operation: plan.operation, service, tags, what: summary.replace(/\.$/, "") };
  }
  const service = deps.services.find(({ name }) => name === of.service);
  const keys = service?.environments[of.environmentName];
  if (service === undefined || keys === undefined) return `There is no ${of.service}/${of.environmentName}.`;
  try {
    const ref = await deps.flags.refOf(keys, of.flagKey);
    const snapshot = await deps.flags.read(ref);
    if (snapshot === null) return `There is no flag ${of.flagKey} in ${keys.project}/${keys.environment}.`;
    const { tags } = snapshot.flag;
    const isOwn =
      service.flags.keys.includes(ref.key) || tags.some((tag) => service.flags.tags.includes(tag));
    if (!isOwn) return `${ref.key} is no flag of ${service.name}, so none of its incidents could lead to it.`;
    const what = `Turn ${ref.key} ${of.tool === "flag.turn_off" ? "off" : "on"}`;
    return { ref, operation: { tool: of.tool }, service: service.name, tags, what };
  } catch (error) {
    if (error instanceof OpsError && error.code === "not_found") return error.message;
    throw error;
  }
}

/** Never on by default: the contract must have it, and the controls must let it count. */
export async function limitsOf(
  { ref, operation, service }: Covered,
  { rulebook, controls }: Pick<CoveredDeps, "rulebook" | "controls">,
): Promise<StandingLimits | string> {
  const contract = rulebook.contracts.get(operation.tool);
  const standing = contract?.approval?.standing;
  if (contract === undefined || standing === undefined) {
    return `The contract of ${operation.tool} has no standing approvals: every use takes a click.`;
  }
  const reading = await controls.read({
    incidentId: ref.key,
    service,
    environment: ref.environment,
    project: ref.project,
    tool: operation.tool,
    riskClass: contract.riskClass,
    severity: "",
    source: "",
    agent: "",
  });
  if (reading.approvalRequired) {
    const strict = reading.lowered.find(({ kind }) => kind === "strict");
    const why =
      strict?.reason ?? "The control signalman-approval-required says that every change takes a click.";
    return `Standing approvals do not count here now. ${why}`;
  }
  return { longestMs: durationMs(standing.longest), mostUses: standing.mostUses };
}

/** One line in words. */
export function summaryOf(
  { ref, service, what }: Covered,
  severity: Severity | null,
  confidence: Confidence | null,
) {
  const condition = [
    ...(severity === null ? [] : [`of severity ${severity} or worse`]),
    ...(confidence === null ? [] : [`with confidence ${confidence} or more`]),
  ];
  return [`${what}, in ${ref.project}/${ref.environment}, for incidents of ${service}`, ...condition]
    .join(", ")
    .slice(0, 500);
}

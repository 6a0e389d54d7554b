import type { Confidence, ExpectedEffect } from "../domain/assessment.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import type { ChangeEvent } from "../domain/change/events.ts";
import type { Lineage, Proposal } from "../domain/change/proposal.ts";
import { digestOf } from "../domain/flag/digest.ts";
import { maxShareMoved } from "../domain/flag/exposure.ts";
import type { Plan } from "../domain/flag/plan.ts";
import { type ChangeId, type Instant, later } from "../domain/ids.ts";
import type { IncidentState } from "../domain/incident/incident.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { Requester } from "../domain/people.ts";
import type { ActionContract } from "../domain/policy/action-contract.ts";
import type { ControlReading } from "../domain/policy/controls.ts";
import { decideAction, type ValidApproval } from "../domain/policy/decide-action.ts";
import type { Decision } from "../domain/policy/decision.ts";
import { durationMs } from "../domain/policy/governance-contract.ts";
import { governingHashes, type Rulebook } from "../domain/policy/rulebook.ts";
import { outOfReach } from "../domain/reach.ts";
import type { SourceReach } from "../domain/source.ts";
import type { Controls } from "./ports/controls.ts";
import type { FollowUp, StreamWrite } from "./ports/storage.ts";

export interface ProposeDeps {
  rulebook: Rulebook;
  controls: Controls;
  newChangeId: () => ChangeId;
}

export interface ProposeRequest {
  incident: IncidentState;
  plan: Plan;
  summary: string;
  requester: Requester;
  /** Who drafted it: a model with its prompt version, the rules, or "" for a person. */
  agent: string;
  expected: ExpectedEffect | null;
  lineage: Lineage | null;
  /** How far the sources of the incident's alerts reach; none for what a person asks for: roles say what they may. */
  reaches: readonly SourceReach[];
  evidence: { confidence: Confidence | null; citations: number; gaps: number };
}

export interface Proposed {
  changeId: ChangeId;
  write: StreamWrite;
  followUps: FollowUp[];
  decision: Decision;
}

/**
 * Turns a compiled plan into a change: action contract, policy decision, events and timers, ready to commit. What the
 * sources may not lead to was to be refused before; here it is a bug, and nothing is proposed.
 */
export async function proposeChange(
  request: ProposeRequest,
  deps: ProposeDeps,
  now: Instant,
): Promise<Proposed> {
  const { incident, plan, reaches } = request;
  const beyond = outOfReach(plan.ref, reaches);
  if (beyond !== null) throw new Error(`Not proposed: ${beyond}`);
  const proposal = proposalOf(request, deps.rulebook);
  const decision = await decideNow(proposal.action, incident, [], deps);
  const changeId = deps.newChangeId();
  const answer = decideChange(
    {
      command: "propose",
      incidentId: incident.id,
      correlationId: incident.correlationId,
      proposal,
      decision,
    },
    null,
    now,
  );
  if (answer.kind === "refused") throw new Error(`A new change was refused: ${answer.reason}`);
  return {
    changeId,
    write: changeWrite(changeId, 0, answer.events),
    followUps: timersFor(changeId, incident, decision, now),
    decision,
  };
}

/** Policy's answer for a write, with the controls as they are this moment. */
export async function decideNow(
  action: ActionContract,
  incident: IncidentState,
  approvals: ValidApproval[],
  deps: Pick<ProposeDeps, "rulebook" | "controls">,
): Promise<Decision> {
  const controls: ControlReading = await deps.controls.read({
    incidentId: incident.id,
    service: action.target.service,
    environment: action.target.environment,
    project: action.target.project,
    tool: action.tool,
    riskClass: action.riskClass,
    severity: incident.severity,
    source: incident.requester.kind === "source" ? incident.requester.sourceId : "",
    agent: action.actor.agent,
  });
  return decideAction({
    action,
    governance: deps.rulebook.contracts.get(action.tool) ?? null,
    roles: deps.rulebook.roles,
    controls,
    guardrails: [],
    approvals,
  });
}

function proposalOf(request: ProposeRequest, rulebook: Rulebook): Proposal {
  const { plan, incident } = request;
  const { tool } = plan.operation;
  const contract = rulebook.contracts.get(tool);
  const hashes = governingHashes(rulebook, tool);
  const { reviewAfter, kind } = contract?.lifecycle ?? { reviewAfter: undefined, kind: "temporary" as const };
  return {
    plan,
    digest: digestOf(plan, hashes),
    ...hashes,
    action: actionOf(request, contract),
    summary: request.summary,
    expected: request.expected,
    // Undoing a change ends something temporary; it does not begin another.
    temporary: kind === "temporary" && request.lineage?.kind !== "reverses",
    reviewAfterMs: reviewAfter === undefined ? null : durationMs(reviewAfter),
    lineage: request.lineage,
  };

  function actionOf(asked: ProposeRequest, governance: typeof contract): ActionContract {
    return {
      request: incident.correlationId,
      workflow: asked.requester.kind === "person" ? "human-request" : "incident-response",
      session: incident.id,
      account: incident.tenant,
      actor: { agent: asked.agent, service: "signalman", requester: asked.requester },
      intent: asked.summary,
      tool,
      target: { ...plan.ref, service: incident.scope?.service ?? "", tags: plan.before.flag.tags },
      riskClass: governance?.riskClass ?? "irreversible",
      reversibility: governance?.reversibility ?? "none",
      scope: {
        maxMovedPercent: maxShareMoved(plan),
        targetsMoved: plan.exposure.targetsMoved,
        segments: plan.before.segments.map((segment) => segment.key),
      },
      evidence: asked.evidence,
    };
  }
}

function timersFor(
  changeId: ChangeId,
  { id, correlationId }: IncidentState,
  decision: Decision,
  now: Instant,
): FollowUp[] {
  const show: FollowUp = { stage: "notify", subject: id, correlationId };
  if (decision.kind !== "queue_for_review" && decision.kind !== "allow") return [show];
  const dueAt = later(now, decision.requirement.expiresAfterMs);
  return [show, { stage: "expire", subject: changeId, correlationId, dueAt }];
}

export function changeWrite(id: ChangeId, expectedVersion: number, events: ChangeEvent[]): StreamWrite {
  return { kind: "change", stream: streamOf("change", id), id, expectedVersion, events };
}

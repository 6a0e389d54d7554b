import type { ExpectedEffect } from "../domain/assessment.ts";
import { decideChange } from "../domain/change/decide-change.ts";
import type { Lineage, Proposal } from "../domain/change/proposal.ts";
import { digestOf } from "../domain/flag/digest.ts";
import type { Plan } from "../domain/flag/plan.ts";
import { type ChangeId, type Instant, later } from "../domain/ids.ts";
import type { IncidentState } from "../domain/incident/incident.ts";
import type { Requester } from "../domain/people.ts";
import type { ActionContract } from "../domain/policy/action-contract.ts";
import { actionContractOf } from "../domain/policy/action-contract-of.ts";
import type { Decision } from "../domain/policy/decision.ts";
import { durationMs } from "../domain/policy/governance-contract.ts";
import { governingHashes, type Rulebook } from "../domain/policy/rulebook.ts";
import { outOfReach } from "../domain/reach.ts";
import type { SourceReach } from "../domain/source.ts";
import { decideStanding } from "../domain/standing/decide-standing.ts";
import { covers, grantedBy, type StandingState } from "../domain/standing/standing.ts";
import { type DecideDeps, decideNow } from "./decide-now.ts";
import type { FollowUp, Ledger, Loaded, Store, StreamWrite } from "./ports/storage.ts";
import { changeWrite, standingWrite } from "./stream-writes.ts";
import { tellStanding } from "./tell-of-standing.ts";

export interface ProposeDeps extends DecideDeps {
  store: Pick<Store, "ledger">;
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
  evidence: ActionContract["evidence"];
}

export interface Proposed {
  changeId: ChangeId;
  /** The change's own, and that of the standing approval it used up one use of. */
  writes: StreamWrite[];
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
  const changeId = deps.newChangeId();
  const standing = await findStanding(request, deps.store.ledger, now);
  const covering = standing === null ? null : { id: standing.state.id, by: grantedBy(standing.state) };
  const decision = await decideNow(
    proposal.action,
    { plan, incident },
    { approvals: [], standing: covering },
    deps,
  );
  const used = decision.kind === "allow" && decision.rule === "standing_approval" ? standing : null;
  const answer = decideChange(
    {
      command: "propose",
      incidentId: incident.id,
      correlationId: incident.correlationId,
      proposal,
      decision,
      ...(used !== null && { standing: { standingId: used.state.id, by: grantedBy(used.state) } }),
    },
    null,
    now,
  );
  if (answer.kind === "refused") throw new Error(`A new change was refused: ${answer.reason}`);
  return {
    changeId,
    writes: [changeWrite(changeId, 0, answer.events), ...(used === null ? [] : [useOf(used, changeId, now)])],
    followUps: [
      ...timersFor(changeId, incident, decision, now),
      ...(used === null
        ? []
        : [
            { stage: "execute" as const, subject: changeId, correlationId: incident.correlationId },
            tellStanding(used.state.id),
          ]),
    ],
    decision,
  };
}

/** Only what an alert led to is covered: a person who asks for a change has it approved by others. */
async function findStanding(
  { plan, incident, requester, evidence }: ProposeRequest,
  ledger: Pick<Ledger, "standings">,
  now: Instant,
): Promise<Loaded<StandingState> | null> {
  if (requester.kind !== "source") return null;
  const { environmentId, key: flagKey } = plan.ref;
  const facts = {
    plan,
    severity: incident.severity,
    confidence: evidence.confidence,
    service: incident.scope?.service ?? "",
  };
  const found = await ledger.standings(now, { environmentId, flagKey });
  return found.find(({ state }) => covers(state, facts, now)) ?? null;
}

/** In the same commit as the change: of two changes at once only one gets the last use. */
function useOf({ state, version }: Loaded<StandingState>, changeId: ChangeId, now: Instant): StreamWrite {
  const answer = decideStanding({ command: "use", changeId }, state, now);
  if (answer.kind === "refused") throw new Error(`standing/${state.id}: ${answer.reason}`);
  return standingWrite(state.id, version, answer.events);
}

/** Everything that a vote will be about, from a compiled plan and who wants it. */
export function proposalOf(request: Omit<ProposeRequest, "reaches">, rulebook: Rulebook): Proposal {
  const { plan, incident } = request;
  const { tool } = plan.operation;
  const contract = rulebook.contracts.get(tool);
  const hashes = governingHashes(rulebook, tool);
  const { reviewAfter, kind } = contract?.lifecycle ?? { reviewAfter: undefined, kind: "temporary" as const };
  return {
    plan,
    digest: digestOf(plan, hashes),
    ...hashes,
    action: actionContractOf(incident, plan, { ...request, intent: request.summary }, tool, contract ?? null),
    summary: request.summary,
    expected: request.expected,
    // Undoing a change ends something temporary; it does not begin another.
    temporary: kind === "temporary" && request.lineage?.kind !== "reverses",
    reviewAfterMs: reviewAfter === undefined ? null : durationMs(reviewAfter),
    lineage: request.lineage,
  };
}

/** Its card, and the times at which something is due while nobody decides. */
export function timersFor(
  changeId: ChangeId,
  { id, correlationId }: IncidentState,
  decision: Decision,
  now: Instant,
): FollowUp[] {
  const show: FollowUp = { stage: "notify", subject: id, correlationId };
  if (decision.kind !== "queue_for_review" && decision.kind !== "allow") return [show];
  const { expiresAfterMs, chase } = decision.requirement;
  const timers: FollowUp[] = [
    show,
    { stage: "expire", subject: changeId, correlationId, dueAt: later(now, expiresAfterMs) },
  ];
  const [first] = chase;
  if (first !== undefined) {
    timers.push({ stage: "chase", subject: changeId, correlationId, dueAt: later(now, first.afterMs) });
  }
  return timers;
}

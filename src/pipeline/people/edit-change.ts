import type { ExpectedEffect } from "../../domain/assessment.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import type { ChangeAnswer } from "../../domain/change/change-answer.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import { notEditable } from "../../domain/change/decide-revise.ts";
import { type FlagSnapshot, sameJson, type Segment } from "../../domain/flag/flag.ts";
import { compile, type Plan } from "../../domain/flag/plan.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Decision } from "../../domain/policy/decision.ts";
import type { Service } from "../../domain/service.ts";
import { afterEnd } from "../after-end.ts";
import { commitDecision } from "../commit-decision.ts";
import { decideNow } from "../decide-now.ts";
import type { ActionAnswer, Edit, EditInput } from "../ports/person-actions.ts";
import type { Loaded } from "../ports/storage.ts";
import { proposalOf, timersFor } from "../propose-change.ts";
import { changeWrite } from "../stream-writes.ts";
import { checkPermission, refusal, refuseAction, targetOf } from "./check-permission.ts";
import { noSuchChange } from "./commit-answer.ts";
import { editedOperation } from "./edit-operation.ts";
import type { LinkedChangeDeps } from "./start-linked-change.ts";

export type EditDeps = LinkedChangeDeps & { services: readonly Service[] };

/** Words a draft anew, compiled from the flag as it is now and decided by policy as it is now: the next version. */
export async function editChange(input: EditInput, deps: EditDeps): Promise<ActionAnswer> {
  const { changeId, userId } = input;
  const loaded = await deps.store.ledger.change(changeId);
  if (loaded === null) return noSuchChange(changeId);
  const target = targetOf(loaded.state);
  const asked = await checkPermission(userId, "edit", target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(changeId, "edit", asked, deps);
  const { person } = asked;
  const refuse = (reason: string) => refusal(reason, "edit", target, deps.rulebook);

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await deps.store.ledger.change(changeId);
    if (fresh === null) return { kind: "answer", answer: noSuchChange(changeId) };
    const revised = await revise(fresh.state, input, person, deps);
    if ("refusedBecause" in revised) return { kind: "answer", answer: refuse(revised.refusedBecause) };
    const { answer, decision, incident } = revised;
    if (answer.kind === "refused") return { kind: "answer", answer: refuse(answer.reason) };
    if (decision.kind === "deny") return deniedEdit(fresh, decision, person, deps);
    const { state, version } = fresh;
    const now = await deps.store.now();
    const beyond = await afterEnd(state, answer.events, deps.store, now);
    return {
      kind: "commit",
      commit: {
        writes: [changeWrite(state.id, version, answer.events), ...beyond.writes],
        // Everybody has the whole time for what is asked now.
        cancel: [
          { stage: "expire", subject: state.id },
          { stage: "chase", subject: state.id },
        ],
        followUps: [...timersFor(state.id, incident, decision, now), ...beyond.followUps],
      },
      after: (result) =>
        result.kind === "flag_busy"
          ? refuse(`Another change of this flag is open: ${result.changeId}. Decide that one first.`)
          : { kind: "done", text: doneText(state.version + 1, decision) },
    };
  });
}

type Revised =
  { answer: ChangeAnswer; decision: Decision; incident: IncidentState } | { refusedBecause: string };

async function revise(
  state: ChangeState,
  { edit, reason, version, digest }: EditInput,
  person: PersonFacts,
  deps: EditDeps,
): Promise<Revised> {
  const { proposal } = state;
  const over = notEditable({ version, digest }, state, await deps.store.now());
  if (over !== null) return { refusedBecause: over.reason };
  if (proposal.lineage !== null && proposal.lineage.kind !== "expands") {
    return { refusedBecause: "What undoes or restores is exact: reject it and ask for another change." };
  }
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  const made = await compileEdit(state, edit, incident.state, deps);
  if ("refusedBecause" in made) return made;
  const { plan, summary, expected, changed } = made;
  const next = proposalOf(
    {
      incident: incident.state,
      plan,
      summary,
      requester: proposal.action.actor.requester,
      agent: proposal.action.actor.agent,
      expected,
      lineage: proposal.lineage,
      evidence: proposal.action.evidence,
    },
    deps.rulebook,
  );
  const editedBy = [...state.edits.map(({ userId }) => userId), person.userId];
  const about = { plan, incident: incident.state, change: { id: state.id, version: state.version + 1 } };
  const decision = await decideNow(next.action, about, { approvals: [], editedBy }, deps);
  const { userId, name } = person;
  const answer = decideChange(
    {
      command: "revise",
      proposal: next,
      decision,
      editor: { userId, name },
      changed,
      rationale: reason,
      version,
      digest,
    },
    state,
    await deps.store.now(),
  );
  return { answer, decision, incident: incident.state };
}

interface CompiledEdit {
  plan: Plan;
  summary: string;
  expected: ExpectedEffect | null;
  changed: string[];
}

async function compileEdit(
  { proposal }: ChangeState,
  edit: Edit,
  incident: IncidentState,
  deps: EditDeps,
): Promise<CompiledEdit | { refusedBecause: string }> {
  const found = await readFlag(proposal.plan, deps);
  if ("refusedBecause" in found) return found;
  const { snapshot, segments } = found;
  const { candidates } = incident;
  const edited = editedOperation(proposal.plan.operation, edit, snapshot.flag, { candidates, segments });
  if (edited !== null && "refusedBecause" in edited) return edited;
  const expected = expectedAfter(proposal.expected, edit, incident, deps.services);
  if (expected !== null && "refusedBecause" in expected) return expected;
  const { operation, summary } = edited ?? { operation: proposal.plan.operation, summary: proposal.summary };
  const compiled = compile(operation, snapshot, segments);
  if (compiled.kind === "refused") return { refusedBecause: compiled.reason };
  const changed = [
    ...(edited === null || sameJson(compiled.plan.forward, proposal.plan.forward)
      ? []
      : [`${proposal.summary} → ${summary}`]),
    ...(sameEffect(expected, proposal.expected)
      ? []
      : [`Expected effect: ${effectWords(proposal.expected)} → ${effectWords(expected)}`]),
  ];
  if (changed.length === 0) return { refusedBecause: "Nothing would be different; choose something else." };
  return { plan: compiled.plan, summary, expected, changed };
}

/** The flag of a plan as it is now, with every segment that it could use. */
export async function readFlag(
  { ref }: Pick<Plan, "ref">,
  { flags }: Pick<EditDeps, "flags">,
): Promise<{ snapshot: FlagSnapshot; segments: Segment[] } | { refusedBecause: string }> {
  const [snapshot, segments] = await Promise.all([flags.read(ref), flags.segments(ref)]);
  return snapshot === null ? { refusedBecause: `The flag ${ref.key} is gone.` } : { snapshot, segments };
}

const usualWithinMs = 300_000;

function expectedAfter(
  expected: ExpectedEffect | null,
  { queryId, withinMs }: Edit,
  { scope }: IncidentState,
  services: readonly Service[],
): ExpectedEffect | null | { refusedBecause: string } {
  if (queryId === null) {
    if (withinMs === null) return expected;
    return expected === null
      ? { refusedBecause: "Say which metric should get better in that time." }
      : { ...expected, withinMs };
  }
  const service = services.find(({ name }) => name === scope?.service);
  const query = service?.queries.find(({ id }) => id === queryId);
  if (query === undefined) return { refusedBecause: `The service has no metric ${queryId}.` };
  const direction = query.badDirection === "up" ? "down" : "up";
  return { queryId, direction, withinMs: withinMs ?? expected?.withinMs ?? usualWithinMs };
}

function sameEffect(a: ExpectedEffect | null, b: ExpectedEffect | null): boolean {
  return a?.queryId === b?.queryId && a?.direction === b?.direction && a?.withinMs === b?.withinMs;
}

function effectWords(effect: ExpectedEffect | null): string {
  if (effect === null) return "none";
  return `${effect.queryId} ${effect.direction} within ${Math.round(effect.withinMs / 1000)} s`;
}

/** What policy denies would end the draft: the draft stays as it is, and that it was tried is recorded. */
async function deniedEdit(
  { state, version }: Loaded<ChangeState>,
  { reasons }: Decision,
  person: PersonFacts,
  { store, rulebook }: EditDeps,
) {
  const reason = `policy denies what it would become: ${reasons.join(" ")}`;
  const refused = decideChange(
    { command: "refuse", action: "edit", person, reason },
    state,
    await store.now(),
  );
  return {
    kind: "commit" as const,
    commit: { writes: [changeWrite(state.id, version, refused.events)] },
    after: () => refusal(reason, "edit", targetOf(state), rulebook),
  };
}

function doneText(version: number, decision: Decision): string {
  const head = `It is version ${version} now, and earlier votes no longer count.`;
  return decision.kind === "queue_for_review"
    ? `${head} Whoever may approve is asked again; you cannot be the only one.`
    : `${head} It cannot be approved now: ${decision.reasons.join(" ")}`;
}

import type { ChangeState } from "../../domain/change/change.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import type { Lineage } from "../../domain/change/proposal.ts";
import { describeFlag } from "../../domain/flag/describe-flag.ts";
import { type FlagSnapshot, sameBehaviour } from "../../domain/flag/flag.ts";
import { type Operation, reverseTool } from "../../domain/flag/operation.ts";
import { restoringTool } from "../../domain/flag/restoring-tool.ts";
import { compile, type Plan } from "../../domain/flag/plan.ts";
import type { ChangeId } from "../../domain/ids.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Decision } from "../../domain/policy/decision.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import { noSuchChange } from "./commit-answer.ts";
import { checkPermission, type PermissionDeps, refusal, refuseAction, targetOf } from "./check-permission.ts";
import { commitDecision } from "../commit-decision.ts";
import { expansionsOf } from "./offer-expansions.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Loaded, Store, StreamWrite } from "../ports/storage.ts";
import { proposeChange, type ProposeDeps } from "../propose-change.ts";
import { changeWrite } from "../stream-writes.ts";

export interface LinkedChangeDeps extends PermissionDeps, ProposeDeps {
  store: Store;
  flags: Pick<FlagReader, "read" | "segments">;
}

export interface LinkedChangeInput {
  changeId: ChangeId;
  userId: string;
  reason: string;
}

/** Starts the exact reverse of an applied change, through the same gate. Refused if the flag has moved since. */
export async function revert(input: LinkedChangeInput, deps: LinkedChangeDeps): Promise<ActionAnswer> {
  return startLinked(input, "revert", deps, (origin, snapshot) => {
    const { plan } = origin.proposal;
    if (!sameBehaviour(snapshot.flag, plan.after)) return { refusedBecause: movedSince(origin, snapshot) };
    const operation: Operation = {
      tool: reverseTool(plan.operation.tool),
      restores: plan.reverse,
      because: { kind: "reverse", changeId: origin.id },
    };
    return {
      operation,
      summary: `Undo ${origin.id}: ${origin.proposal.summary}`,
      lineage: { kind: "reverses", changeId: origin.id },
    };
  });
}

/** Starts a wider change that follows on an applied one. */
export async function expand(
  input: LinkedChangeInput & { expansionId: string },
  deps: LinkedChangeDeps,
): Promise<ActionAnswer> {
  return startLinked(input, "propose", deps, (origin, snapshot) => {
    const step = expansionsOf(origin, snapshot).find((offer) => offer.id === input.expansionId);
    if (step === undefined) {
      return {
        refusedBecause: "This step is no longer on offer: the flag has moved. Look at the card again.",
      };
    }
    return {
      operation: step.operation,
      summary: step.label,
      lineage: { kind: "expands", changeId: origin.id },
    };
  });
}

/** After two writers raced: starts a change that brings back what ours overwrote. */
export async function restoreOverwritten(
  input: { changeId: ChangeId; userId: string },
  deps: LinkedChangeDeps,
): Promise<ActionAnswer> {
  return startLinked({ ...input, reason: "" }, "propose", deps, (origin, snapshot) => {
    const { applied } = origin;
    if (applied?.chain.kind !== "broken" || applied.chain.restore === null) {
      return { refusedBecause: "There is nothing to restore that one write could bring back." };
    }
    // What would be brought back is a whole targeting of that moment: it would undo whatever came after.
    if (snapshot.flag.revision !== applied.revision) return { refusedBecause: movedSince(origin, snapshot) };
    const { chain } = applied;
    return {
      operation: {
        tool: restoringTool(applied.chain.restore, snapshot.flag),
        restores: applied.chain.restore,
        because: { kind: "overwritten", auditEntryId: chain.auditEntryId },
      },
      summary: `Restore what ${chain.by} had changed and ${origin.id} overwrote`,
      lineage: { kind: "restores_overwritten", changeId: origin.id },
    };
  });
}

type Wanted = { operation: Operation; summary: string; lineage: Lineage } | { refusedBecause: string };

async function startLinked(
  input: LinkedChangeInput,
  action: Extract<PersonAction, "revert" | "propose">,
  deps: LinkedChangeDeps,
  want: (origin: ChangeState, snapshot: FlagSnapshot) => Wanted,
): Promise<ActionAnswer> {
  const loaded = await deps.store.ledger.change(input.changeId);
  if (loaded === null) return noSuchChange(input.changeId);
  const target = targetOf(loaded.state);
  const refuse = (reason: string) => refusal(reason, action, target, deps.rulebook);
  const asked = await checkPermission(input.userId, action, target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") return refuseAction(input.changeId, action, asked, deps);

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const origin = await deps.store.ledger.change(input.changeId);
    if (origin === null) return { kind: "answer", answer: noSuchChange(input.changeId) };
    const compiled = await compileWanted(origin.state, want, deps);
    if ("refusedBecause" in compiled) return { kind: "answer", answer: refuse(compiled.refusedBecause) };
    const { changeId, commit, decision } = await commitOf(origin, compiled, input, asked.person, deps);
    return {
      kind: "commit",
      commit,
      after: (result) =>
        result.kind === "flag_busy"
          ? refuse(`Another change of this flag is open: ${result.changeId}. Decide that one first.`)
          : { kind: "done", text: draftedText(changeId, decision), changeId },
    };
  });
}

interface Compiled {
  plan: Plan;
  summary: string;
  lineage: Lineage;
}

async function compileWanted(
  origin: ChangeState,
  want: (origin: ChangeState, snapshot: FlagSnapshot) => Wanted,
  deps: LinkedChangeDeps,
): Promise<Compiled | { refusedBecause: string }> {
  if (origin.applied === null && origin.status !== "needs_human") {
    return { refusedBecause: "It was never applied, so there is nothing to build on." };
  }
  const { ref } = origin.proposal.plan;
  const snapshot = await deps.flags.read(ref);
  if (snapshot === null) return { refusedBecause: `The flag ${ref.key} is gone.` };
  const wanted = want(origin, snapshot);
  if ("refusedBecause" in wanted) return wanted;
  const compiled = compile(wanted.operation, snapshot, await deps.flags.segments(ref));
  if (compiled.kind === "refused") return { refusedBecause: compiled.reason };
  return { plan: compiled.plan, summary: wanted.summary, lineage: wanted.lineage };
}

async function commitOf(
  origin: Loaded<ChangeState>,
  { plan, summary, lineage }: Compiled,
  input: LinkedChangeInput,
  person: PersonFacts,
  deps: LinkedChangeDeps,
) {
  const { state } = origin;
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  const now = await deps.store.now();
  const proposed = await proposeChange(
    {
      incident: incident.state,
      plan,
      summary: input.reason === "" ? summary : `${summary} (${input.reason})`.slice(0, 500),
      requester: { kind: "person", userId: person.userId, name: person.name },
      agent: "",
      expected: state.proposal.expected,
      lineage,
      reaches: [],
      evidence: { ...state.proposal.action.evidence, confidence: null, earlierReview: state.id },
    },
    deps,
    now,
  );
  const closing: StreamWrite[] = [];
  if (state.status === "needs_human" && proposed.decision.kind === "queue_for_review") {
    // The origin must leave the open changes in the same transaction, or the flag would be busy for ever.
    const answer = decideChange(
      {
        command: "close",
        resolution: lineage.kind === "expands" ? "expand" : "roll_back",
        owner: person.name,
        note: `Taken over by ${proposed.changeId}.`,
        by: person.name,
        reviewAt: null,
        linkedChangeId: proposed.changeId,
      },
      state,
      now,
    );
    if (answer.kind === "events") closing.push(changeWrite(state.id, origin.version, answer.events));
  }
  return {
    changeId: proposed.changeId,
    decision: proposed.decision,
    commit: { writes: [...closing, ...proposed.writes], followUps: proposed.followUps },
  };
}

/** What a person is told of a change that they asked for. */
export function draftedText(changeId: ChangeId, decision: Decision): string {
  if (decision.kind === "queue_for_review") return `${changeId} is drafted and waits for its approval.`;
  const verb = decision.kind === "deny" ? "denied" : "drafted, but cannot be approved now";
  return `${changeId} is ${verb}: ${decision.reasons.join(" ")}`;
}

function movedSince(origin: ChangeState, snapshot: FlagSnapshot): string {
  const { after, before } = origin.proposal.plan;
  return [
    "The flag has moved since this change, so its reverse would undo somebody else's work too.",
    `After ${origin.id}: ${describeFlag(after, before.segments).join(" ")}`,
    `Now: ${describeFlag(snapshot.flag, snapshot.segments).join(" ")}`,
  ].join(" ");
}

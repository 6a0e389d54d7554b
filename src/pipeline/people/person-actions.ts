import { decideIncident } from "../../domain/incident/decide-incident.ts";
import type { IncidentId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { castVote, checkVote, noSuchChange } from "./cast-vote.ts";
import { checkPermission, refusal, refuseAction, targetOf } from "./check-permission.ts";
import { closeChange } from "./close-change.ts";
import { commitDecision } from "../commit-decision.ts";
import { checkMute, type MuteDeps, muteService, unmuteService } from "./mute-service.ts";
import { giveFeedback } from "./give-feedback.ts";
import { expansionsOf } from "./offer-expansions.ts";
import { redraft } from "./redraft.ts";
import type { ActionAnswer, PersonActions } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { expand, type LinkedChangeDeps, restoreOverwritten, revert } from "./start-linked-change.ts";

/** What people may do, as one object for whatever front they use. Failures outside become `unavailable`. */
export function personActions(given: LinkedChangeDeps & MuteDeps): PersonActions {
  const deps: LinkedChangeDeps & MuteDeps = { ...given, store: watchingCommits(given.store) };
  return {
    check: (changeId, userId, action) =>
      answering(async () => {
        const loaded = await deps.store.ledger.change(changeId);
        if (loaded === null) return noSuchChange(changeId);
        if (action === "approve" || action === "reject") return checkVote(loaded, userId, action, deps);
        const target = targetOf(loaded.state);
        const asked = await checkPermission(userId, action, target, deps);
        if (asked.kind === "unavailable") return asked;
        return asked.permission.kind === "granted"
          ? { kind: "done", text: "Yes." }
          : refuseAction(changeId, action, asked, deps);
      }),
    vote: (input) => answering(() => castVote(input, deps)),
    acknowledge: (input) => answering(() => acknowledge(input, deps)),
    close: (input) => answering(() => closeChange(input, deps)),
    revert: (input) => answering(() => revert(input, deps)),
    expand: (input) => answering(() => expand(input, deps)),
    restoreOverwritten: (input) => answering(() => restoreOverwritten(input, deps)),
    redraft: (input) => answering(() => redraft(input, deps)),
    giveFeedback: (input) => answering(() => giveFeedback(input, deps)),
    checkMute: (input) => answering(() => checkMute(input, deps)),
    mute: (input) => answering(() => muteService(input, deps)),
    unmute: (input) => answering(() => unmuteService(input, deps)),
    expansions: async (changeId) => {
      const loaded = await deps.store.ledger.change(changeId);
      if (loaded === null || loaded.state.applied === null) return [];
      const snapshot = await deps.flags.read(loaded.state.proposal.plan.ref);
      if (snapshot === null) return [];
      return expansionsOf(loaded.state, snapshot).map(({ id, label, diff }) => ({ id, label, diff }));
    },
  };
}

async function answering(act: () => Promise<ActionAnswer>): Promise<ActionAnswer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const end = uncertain.has(error)
      ? "It may or may not be recorded: look at the card before you try again."
      : "Nothing was done; try again.";
    return { kind: "unavailable", reason: `${error.message} ${end}` };
  }
}

/** Failures of commits after which nobody knows whether the database took them. */
const uncertain = new WeakSet<OpsError>();

function watchingCommits(store: Store): Store {
  const { ledger } = store;
  return {
    ...store,
    ledger: {
      ...ledger,
      commit: async (commit) => {
        try {
          return await ledger.commit(commit);
        } catch (error) {
          if (error instanceof OpsError && (error.code === "unreachable" || error.code === "timeout")) {
            uncertain.add(error);
          }
          throw error;
        }
      },
    },
  };
}

async function acknowledge(
  { incidentId, userId }: { incidentId: IncidentId; userId: string },
  deps: LinkedChangeDeps,
): Promise<ActionAnswer> {
  const { ledger } = deps.store;
  const loaded = await ledger.incident(incidentId);
  const nobody = { groups: [], users: [] };
  const missing: ActionAnswer = {
    kind: "refused",
    reason: `There is no incident ${incidentId}.`,
    whoMay: nobody,
  };
  if (loaded === null) return missing;
  const { scope } = loaded.state;
  const target = {
    project: scope?.project ?? "",
    environment: scope?.environment ?? "",
    tags: [],
    risk: "search" as const,
  };
  const asked = await checkPermission(userId, "acknowledge", target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") {
    return refusal(asked.permission.reason, "acknowledge", target, deps.rulebook);
  }
  const { person } = asked;
  return commitDecision<ActionAnswer>(deps.store, async () => {
    const fresh = await ledger.incident(incidentId);
    if (fresh === null) return { kind: "answer", answer: missing };
    const answer = decideIncident(
      { command: "acknowledge", userId: person.userId, name: person.name },
      fresh.state,
      await deps.store.now(),
    );
    const done: ActionAnswer = { kind: "done", text: "You are on it. Everybody sees that now." };
    if (answer.kind === "refused") {
      return { kind: "answer", answer: { kind: "refused", reason: answer.reason, whoMay: nobody } };
    }
    if (answer.events.length === 0) return { kind: "answer", answer: done };
    const { correlationId } = fresh.state;
    return {
      kind: "commit",
      commit: {
        writes: [
          {
            kind: "incident",
            stream: streamOf("incident", incidentId),
            id: incidentId,
            expectedVersion: fresh.version,
            events: answer.events,
          },
        ],
        followUps: [{ stage: "notify", subject: incidentId, correlationId }],
      },
      after: () => done,
    };
  });
}

import { redact } from "../../domain/redact.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { acknowledge } from "./acknowledge.ts";
import { castVote, checkVote, noSuchChange } from "./cast-vote.ts";
import { checkPermission, refuseAction, targetOf } from "./check-permission.ts";
import { closeChange } from "./close-change.ts";
import { checkCloseIncident, closeIncident } from "./close-incident.ts";
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
    vote: (input) => answering(() => castVote({ ...input, rationale: redact(input.rationale) }, deps)),
    acknowledge: (input) => answering(() => acknowledge(input, deps)),
    checkCloseIncident: (input) => answering(() => checkCloseIncident(input, deps)),
    closeIncident: (input) => answering(() => closeIncident(reasoned(input), deps)),
    close: (input) => answering(() => closeChange({ ...input, note: redact(input.note) }, deps)),
    revert: (input) => answering(() => revert(reasoned(input), deps)),
    expand: (input) => answering(() => expand(reasoned(input), deps)),
    restoreOverwritten: (input) => answering(() => restoreOverwritten(input, deps)),
    redraft: (input) => answering(() => redraft(input, deps)),
    giveFeedback: (input) => answering(() => giveFeedback(input, deps)),
    checkMute: (input) => answering(() => checkMute(input, deps)),
    mute: (input) => answering(() => muteService(reasoned(input), deps)),
    unmute: (input) => answering(() => unmuteService(reasoned(input), deps)),
    expansions: async (changeId) => {
      const loaded = await deps.store.ledger.change(changeId);
      if (loaded === null || loaded.state.applied === null) return [];
      const snapshot = await deps.flags.read(loaded.state.proposal.plan.ref);
      if (snapshot === null) return [];
      return expansionsOf(loaded.state, snapshot).map(({ id, label, diff }) => ({ id, label, diff }));
    },
  };
}

/** People paste what they should not: no credential of theirs gets into the ledger or a channel. */
function reasoned<Input extends { reason: string }>(input: Input): Input {
  return { ...input, reason: redact(input.reason) };
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

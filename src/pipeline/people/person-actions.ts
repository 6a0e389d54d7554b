import { redact } from "../../domain/redact.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { acknowledge } from "./acknowledge.ts";
import { attest } from "./attest.ts";
import { breakGlass, checkBreakGlass } from "./break-glass.ts";
import { castVote, checkVote } from "./cast-vote.ts";
import { checkPermission, refuseAction, targetOf } from "./check-permission.ts";
import { noSuchChange } from "./commit-answer.ts";
import { closeChange } from "./close-change.ts";
import { checkCloseIncident, closeIncident } from "./close-incident.ts";
import { checkMute, type MuteDeps, muteService, unmuteService } from "./mute-service.ts";
import { editChange } from "./edit-change.ts";
import {
  type AuthorityDeps,
  checkAuthority,
  overrideAuthority,
  resumeAuthority,
} from "./override-authority.ts";
import {
  checkStanding,
  endorseStanding,
  requestStanding,
  revokeStanding,
  type StandingDeps,
} from "./standing-approvals.ts";
import { giveFeedback } from "./give-feedback.ts";
import { expansionsOf } from "./offer-expansions.ts";
import { lookInto, type LookIntoDeps, offerPlaces } from "./look-into.ts";
import { offerEdits } from "./offer-edits.ts";
import { knownMember } from "./known-member.ts";
import { readHome } from "./read-home.ts";
import { offerOperations, proposeByHand, type ProposeByHandDeps } from "./propose-by-hand.ts";
import { redraft } from "./redraft.ts";
import type { ActionAnswer, PersonActions } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { expand, type LinkedChangeDeps, restoreOverwritten, revert } from "./start-linked-change.ts";

export type PersonDeps = LinkedChangeDeps &
  MuteDeps &
  AuthorityDeps &
  ProposeByHandDeps &
  StandingDeps &
  LookIntoDeps;

/** What people may do, as one object for whatever front they use. Failures outside become `unavailable`. */
export function personActions(given: PersonDeps): PersonActions {
  const deps: PersonDeps = { ...given, store: watchingCommits(given.store) };
  return {
    home: (userId) => readHome(userId, deps),
    barred: async (userId) => {
      const known = await knownMember(userId, deps);
      return known.kind === "member" ? null : known.reason;
    },
    check: (changeId, userId, action) =>
      answering(async () => {
        const loaded = await deps.store.ledger.change(changeId);
        if (loaded === null) return noSuchChange(changeId);
        if (action === "approve" || action === "reject") return checkVote(loaded, userId, action, deps);
        if (action === "break_glass") return checkBreakGlass(loaded.state, userId, deps);
        const target = targetOf(loaded.state);
        const asked = await checkPermission(userId, action, target, deps);
        if (asked.kind === "unavailable") return asked;
        return asked.permission.kind === "granted"
          ? { kind: "done", text: "Yes." }
          : refuseAction(changeId, action, asked, deps);
      }),
    vote: (input) => answering(() => castVote({ ...input, rationale: redact(input.rationale) }, deps)),
    breakGlass: (input) => answering(() => breakGlass(reasoned(input), deps)),
    edit: (input) => answering(() => editChange(reasoned(input), deps)),
    editChoices: async (changeId) => {
      const loaded = await deps.store.ledger.change(changeId);
      return loaded === null ? null : offerEdits(loaded.state, deps);
    },
    attest: (input) => answering(() => attest(input, deps)),
    offerPlaces: (input) => offerPlaces(input, deps),
    lookInto: (input) => answering(() => lookInto(input, deps)),
    acknowledge: (input) => answering(() => acknowledge(input, deps)),
    checkCloseIncident: (input) => answering(() => checkCloseIncident(input, deps)),
    closeIncident: (input) => answering(() => closeIncident(reasoned(input), deps)),
    close: (input) => answering(() => closeChange({ ...input, note: redact(input.note) }, deps)),
    offerOperations: (input) => offerOperations(input, deps),
    propose: (input) => answering(() => proposeByHand(reasoned(input), deps)),
    revert: (input) => answering(() => revert(reasoned(input), deps)),
    expand: (input) => answering(() => expand(reasoned(input), deps)),
    restoreOverwritten: (input) => answering(() => restoreOverwritten(input, deps)),
    redraft: (input) => answering(() => redraft(input, deps)),
    giveFeedback: (input) => answering(() => giveFeedback(input, deps)),
    checkMute: (input) => answering(() => checkMute(input, deps)),
    mute: (input) => answering(() => muteService(reasoned(input), deps)),
    unmute: (input) => answering(() => unmuteService(reasoned(input), deps)),
    checkStanding: (input) => answering(() => checkStanding(input, deps)),
    requestStanding: (input) => answering(() => requestStanding(reasoned(input), deps)),
    endorseStanding: (input) => answering(() => endorseStanding(input, deps)),
    revokeStanding: (input) => answering(() => revokeStanding(reasoned(input), deps)),
    checkAuthority: (input) => answering(() => checkAuthority(input, deps)),
    override: (input) => answering(() => overrideAuthority(reasoned(input), deps)),
    resume: (input) => answering(() => resumeAuthority(reasoned(input), deps)),
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

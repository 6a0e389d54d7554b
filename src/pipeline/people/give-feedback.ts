import type { IncidentId, Instant } from "../../domain/ids.ts";
import { decideIncident } from "../../domain/incident/decide-incident.ts";
import { countFeedback, type FeedbackCount } from "../../domain/incident/feedback.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { nothingDone, type PermissionDeps } from "./check-permission.ts";
import { knownMember } from "./known-member.ts";
import { incidentWrite } from "../stream-writes.ts";

export interface FeedbackDeps extends PermissionDeps {
  store: Store;
}

const nobody = { groups: [], users: [] };

/** Records whether findings that led to no change were of use. No role is needed: whoever reads the card may say so. */
export async function giveFeedback(
  { incidentId, userId, useful }: { incidentId: IncidentId; userId: string; useful: boolean },
  deps: FeedbackDeps,
): Promise<ActionAnswer> {
  const { store } = deps;
  const known = await knownMember(userId, deps);
  if (known.kind === "barred") return { kind: "refused", reason: known.reason, whoMay: nobody };
  if (known.kind === "unavailable") return nothingDone(known.reason);
  const { name } = known.person;
  return commitDecision<ActionAnswer>(store, async () => {
    const loaded = await store.ledger.incident(incidentId);
    if (loaded === null) {
      const reason = `There is no incident ${incidentId}.`;
      return { kind: "answer", answer: { kind: "refused", reason, whoMay: nobody } };
    }
    const { state, version } = loaded;
    const command = { command: "give_feedback", userId, name, useful } as const;
    const answer = decideIncident(command, state, await store.now());
    if (answer.kind === "refused") {
      return { kind: "answer", answer: { kind: "refused", reason: answer.reason, whoMay: nobody } };
    }
    const said = useful ? "useful" : "not useful";
    const done: ActionAnswer = { kind: "done", text: `Thank you: noted as ${said}. You can change it.` };
    if (answer.events.length === 0) return { kind: "answer", answer: done };
    const { events } = answer;
    return {
      kind: "commit",
      commit: {
        writes: [incidentWrite(incidentId, version, events)],
        followUps: [{ stage: "notify", subject: incidentId, correlationId: state.correlationId }],
      },
      after: () => done,
    };
  });
}

/** The newest incidents that are asked for their answers; a week of more is counted from its end. */
const mostIncidents = 1000;

/** The answers that people gave in a window, `from` inclusive, `to` exclusive; a changed answer counts once. */
export async function readFeedback(
  { ledger }: Pick<Store, "ledger">,
  { from, to }: { from: Instant; to: Instant },
): Promise<FeedbackCount> {
  const incidents = await ledger.incidents({ limit: mostIncidents });
  return countFeedback(
    incidents.flatMap(({ state }) => state.feedback.filter(({ at }) => from <= at && at < to)),
  );
}

import type { IncidentId, Instant } from "../../domain/ids.ts";
import { decideIncident } from "../../domain/incident/decide-incident.ts";
import { countFeedback, type FeedbackCount } from "../../domain/incident/feedback.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { barredBecause } from "../../domain/policy/roles.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { identityMaxAgeMs, type PermissionDeps } from "./check-permission.ts";

export interface FeedbackDeps extends PermissionDeps {
  store: Store;
}

const nobody = { groups: [], users: [] };

/** Records whether findings that led to no change were of use. No role is needed: whoever reads the card may say so. */
export async function giveFeedback(
  { incidentId, userId, useful }: { incidentId: IncidentId; userId: string; useful: boolean },
  { store, identity, rulebook }: FeedbackDeps,
): Promise<ActionAnswer> {
  let name: string;
  try {
    const [person, home] = await Promise.all([
      identity.person(userId, identityMaxAgeMs),
      identity.homeTeamId(),
    ]);
    const barred = barredBecause(person, rulebook.roles, home);
    if (barred !== null) return { kind: "refused", reason: barred, whoMay: nobody };
    ({ name } = person);
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const reason = `Slack could not be asked who you are (${error.code}), so nothing was done. Try again.`;
    return { kind: "unavailable", reason };
  }
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
        writes: [
          {
            kind: "incident",
            stream: streamOf("incident", incidentId),
            id: incidentId,
            expectedVersion: version,
            events,
          },
        ],
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

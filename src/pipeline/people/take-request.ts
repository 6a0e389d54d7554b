import type { IncidentId } from "../../domain/ids.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { recordRefusedRequest, type Request } from "./open-request.ts";

/** Each becomes an incident, be it granted or refused: nobody may fill ledger and model's budget with them alone. */
const mostInAnHour = 30;
const hourMs = 3_600_000;

/**
 * Counts a request of this person. Null: it may go on. Else it is one too many, and nothing of it is kept but, once an
 * hour, that more was asked: what is recorded of a person must have an end as well.
 */
export async function takeRequest(
  id: IncidentId,
  request: Request,
  action: PersonAction,
  store: Store,
): Promise<Extract<ActionAnswer, { kind: "refused" }> | null> {
  const { userId } = request.person;
  if (await store.budgets.take(`requests/${userId}`, 1, mostInAnHour, hourMs)) return null;
  if (await store.budgets.take(`requests-beyond/${userId}`, 1, 1, hourMs)) {
    const reason = `${mostInAnHour} requests an hour are taken of one person, and this is one more. What else this person asks within the hour is neither taken nor recorded.`;
    await recordRefusedRequest(id, request, { action, reason }, store);
  }
  return {
    kind: "refused",
    reason: `You have made ${mostInAnHour} requests within an hour, as many as are taken of one person. Nothing was done; ask again later, or let somebody else ask.`,
    whoMay: { groups: [], users: [] },
  };
}

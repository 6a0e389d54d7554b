import { everywhere } from "../domain/authority/authority.ts";
import { openStatuses } from "../domain/change/change.ts";
import type { FollowUp, Store } from "./ports/storage.ts";

/** Of more open changes than this nobody reads the cards. */
const mostChanges = 200;

/** Has the cards of open changes shown anew whose service is concerned: what may be done with them has changed. */
export async function showConcerned(scope: string, { ledger }: Pick<Store, "ledger">): Promise<FollowUp[]> {
  const open = await ledger.changes({ statuses: openStatuses, limit: mostChanges });
  const concerned = open
    .map(({ state }) => state)
    .filter(({ proposal }) => scope === everywhere || proposal.action.target.service === scope);
  const byIncident = new Map(concerned.map((change) => [change.incidentId, change.correlationId]));
  return [...byIncident].map(([subject, correlationId]) => ({ stage: "notify", subject, correlationId }));
}

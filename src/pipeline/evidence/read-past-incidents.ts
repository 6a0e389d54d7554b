import type { IncidentId, Instant } from "../../domain/ids.ts";
import type { Ledger } from "../ports/storage.ts";
import type { PastIncident } from "./describe-past-incident.ts";

/** So many incidents of the service are looked through, and so many changes of a flag. */
const mostIncidents = 20;
const mostChanges = 5;
/** What is older teaches little about a system that changes every day. */
const oldestMs = 180 * 86_400_000;

/**
 * Earlier incidents of a service that were looked into, and those of other services in which one of the flags was
 * changed; newest first. A request by a person is none.
 */
export async function readPastIncidents(
  ledger: Pick<Ledger, "incidents" | "incident" | "changes" | "changesOfIncident">,
  { service, flagKeys, except, now }: PastQuestion,
): Promise<PastIncident[]> {
  const [ofService, ofFlags] = await Promise.all([
    ledger.incidents({ service, limit: mostIncidents }),
    Promise.all(flagKeys.map((flagKey) => ledger.changes({ flagKey, limit: mostChanges }))),
  ]);
  const known = new Map(ofService.map(({ state }) => [state.id, state]));
  for (const { state: change } of ofFlags.flat()) {
    if (known.has(change.incidentId)) continue;
    const incident = await ledger.incident(change.incidentId);
    if (incident !== null) known.set(change.incidentId, incident.state);
  }
  const past = [...known.values()]
    .filter(({ id, kind, investigatedAt, openedAt }) => {
      const ageMs = Date.parse(now) - Date.parse(openedAt);
      return id !== except && kind === "alert" && investigatedAt !== null && ageMs <= oldestMs;
    })
    .toSorted((a, b) => (a.openedAt < b.openedAt ? 1 : -1));
  return Promise.all(
    past.map(async (incident) => ({
      incident,
      changes: (await ledger.changesOfIncident(incident.id)).map(({ state }) => state),
    })),
  );
}

export interface PastQuestion {
  service: string;
  flagKeys: readonly string[];
  /** The incident that is being looked into. */
  except: IncidentId;
  now: Instant;
}

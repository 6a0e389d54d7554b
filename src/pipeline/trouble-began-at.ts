import { type Instant, toInstant } from "../domain/ids.ts";
import type { IncidentState } from "../domain/incident/incident.ts";

/** When the oldest alert that still fires began; of a resolved incident the oldest of all. Never later than the incident. */
export function troubleBeganAt(incident: IncidentState): Instant {
  const firing = incident.alerts.filter(({ resolvedAt }) => resolvedAt === null);
  const starts = (firing.length > 0 ? firing : incident.alerts).map(({ alert }) =>
    Date.parse(alert.startedAt),
  );
  return toInstant(Math.min(Date.parse(incident.openedAt), ...starts));
}

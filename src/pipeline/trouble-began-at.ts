import { type Instant, toInstant } from "../domain/ids.ts";
import type { IncidentState } from "../domain/incident/incident.ts";

/**
 * When the message was written that somebody asked about; else when the oldest alert of this episode that still fires began; if none does, the oldest of all of this episode.
 * Never later than the episode. Alerts of an earlier episode do not count: their trouble was over or explained, and
 * whatever was changed since would be ruled out as too late.
 */
export function troubleBeganAt({ alerts, report, openedAt, episodeStartedAt }: IncidentState): Instant {
  const episode = Date.parse(episodeStartedAt);
  if (report !== undefined && episodeStartedAt === openedAt) {
    return toInstant(Math.min(episode, Date.parse(report.at)));
  }
  const heard = alerts.filter(({ joinedAt }) => Date.parse(joinedAt) >= episode);
  const firing = heard.filter(({ resolvedAt }) => resolvedAt === null);
  const starts = (firing.length > 0 ? firing : heard).map(({ alert }) => Date.parse(alert.startedAt));
  return toInstant(Math.min(episode, ...starts));
}

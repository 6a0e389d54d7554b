import type { Source, SourceReach } from "./source.ts";

/** What a flag is told apart by, of its place in the flag platform. */
export interface Reached {
  project: string;
  environment: string;
  key: string;
}

/** Of a source, what says how far its alerts reach. */
export type Reaching = Pick<Source, "id" | "mayLeadTo">;

const nowhere: SourceReach = { projects: [], environments: [], flags: [] };

/** True where an alert with this reach may lead to a change of this flag. */
export function withinReach(reach: SourceReach, flagKey: string): boolean {
  return names(reach.flags, flagKey);
}

/** True where an alert with this reach may be about this project and environment (the flag platform's keys). */
export function placeWithinReach(
  reach: SourceReach,
  { project, environment }: Pick<Reached, "project" | "environment">,
): boolean {
  return names(reach.projects, project) && names(reach.environments, environment);
}

/**
 * How far an incident may reach: as far as every one of the sources whose alerts it holds. A source that is not
 * declared (any more) reaches nowhere. Of a person's request: no limits.
 */
export function reachesOf(
  incident: { sources: readonly string[] },
  sources: readonly Reaching[],
): SourceReach[] {
  return incident.sources.map((id) => sources.find((source) => source.id === id)?.mayLeadTo ?? nowhere);
}

/** Why these sources may not lead to a change of this flag; null where they may. */
export function outOfReach(flag: Reached, reaches: readonly SourceReach[]): string | null {
  if (reaches.every((reach) => placeWithinReach(reach, flag) && withinReach(reach, flag.key))) return null;
  return `A source of this incident's alerts may not lead to a change of ${flag.key} in ${flag.project}/${flag.environment} (mayLeadTo).`;
}

function names(list: readonly string[], name: string): boolean {
  return list.includes("*") || list.includes(name);
}

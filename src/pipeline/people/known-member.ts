import type { PersonFacts } from "../../domain/people.ts";
import { barredBecause } from "../../domain/policy/roles.ts";
import { type PermissionDeps, whoIs } from "./check-permission.ts";

export type KnownMember =
  | { kind: "member"; person: PersonFacts; homeTeamId: string }
  /** A guest, a bot, a deactivated account, or somebody of another workspace. */
  | { kind: "barred"; reason: string }
  /** Slack could not be asked who this is: no, for now. */
  | { kind: "unavailable"; reason: string };

/** Whether somebody is a plain member of our workspace, which takes no role; at most a minute old. */
export async function knownMember(
  userId: string,
  { identity, rulebook }: PermissionDeps,
): Promise<KnownMember> {
  const known = await whoIs(userId, identity);
  if (known.kind === "unavailable") return known;
  const { person, homeTeamId } = known;
  const barred = barredBecause(person, rulebook.roles, homeTeamId);
  return barred === null ? { kind: "member", person, homeTeamId } : { kind: "barred", reason: barred };
}

import type { ChangeState } from "../../domain/change/change.ts";
import { decidingRoles, emergencyRoles } from "../../domain/change/deciding-roles.ts";
import { decideChange } from "../../domain/change/decide-change.ts";
import type { ChangeId } from "../../domain/ids.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";
import {
  holdersOf,
  type Permission,
  type PersonAction,
  permissionFor,
  type Target,
} from "../../domain/policy/roles.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { commitDecision } from "../commit-decision.ts";
import type { Identity } from "../ports/people.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { changeWrite } from "../stream-writes.ts";

/** Identity facts may be this old at a click; at execution they are read afresh. */
const identityMaxAgeMs = 60_000;

export interface PermissionDeps {
  identity: Identity;
  rulebook: Rulebook;
}

export type Asked =
  | { kind: "asked"; person: PersonFacts; permission: Permission }
  /** Slack could not be asked: no, for now. */
  | Extract<ActionAnswer, { kind: "unavailable" }>;

type Known =
  | { kind: "known"; person: PersonFacts; homeTeamId: string }
  /** Slack could not be asked; a sentence without its end. */
  | { kind: "unavailable"; reason: string };

/** Who clicked or asked, at most a minute old. */
export async function whoIs(userId: string, identity: Identity): Promise<Known> {
  try {
    const [person, homeTeamId] = await Promise.all([
      identity.person(userId, identityMaxAgeMs),
      identity.homeTeamId(),
    ]);
    return { kind: "known", person, homeTeamId };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return { kind: "unavailable", reason: `Slack could not be asked who you are (${error.code})` };
  }
}

export function nothingDone(reason: string): Extract<ActionAnswer, { kind: "unavailable" }> {
  return { kind: "unavailable", reason: `${reason}, so nothing was done. Try again.` };
}

/** May this person do this to this target, now? An approval also needs one of the roles the change asks for. */
export async function checkPermission(
  userId: string,
  action: PersonAction,
  target: Target,
  deps: PermissionDeps,
  neededRoles?: readonly string[],
): Promise<Asked> {
  const known = await whoIs(userId, deps.identity);
  if (known.kind === "unavailable") return nothingDone(known.reason);
  const { person, homeTeamId } = known;
  const permission = permissionFor(person, action, target, deps.rulebook.roles, homeTeamId);
  if (permission.kind === "granted" && neededRoles !== undefined) {
    const roles = permission.roles.filter((role) => neededRoles.includes(role));
    if (roles.length === 0) {
      const reason = neededBecause(action, neededRoles);
      return { kind: "asked", person, permission: { kind: "refused", reason } };
    }
    return { kind: "asked", person, permission: { kind: "granted", roles } };
  }
  return { kind: "asked", person, permission };
}

function neededBecause(action: PersonAction, roles: readonly string[]): string {
  if (action !== "break_glass") return `this change needs an approval by ${roles.join(" or ")}`;
  return roles.length === 0
    ? "nobody may approve this change alone, not even in an emergency"
    : `only ${roles.join(" or ")} may approve this change alone in an emergency`;
}

export function targetOf(change: ChangeState): Target {
  const { target, riskClass } = change.proposal.action;
  return { ...target, risk: riskClass };
}

/** The roles that doing this to the change takes, beside the permission itself; undefined: none in particular. */
export function neededRolesOf(change: ChangeState, action: PersonAction): readonly string[] | undefined {
  if (action === "break_glass") return emergencyRoles(change);
  return action === "approve" ? (decidingRoles(change) ?? undefined) : undefined;
}

/** Records that a person may not do this to a change, and gives the refusal they see. */
export async function refuseAction(
  changeId: ChangeId,
  action: PersonAction,
  { person, permission }: Extract<Asked, { kind: "asked" }>,
  { store, rulebook }: PermissionDeps & { store: Store },
): Promise<ActionAnswer> {
  const reason = permission.kind === "refused" ? permission.reason : "";
  return commitDecision<ActionAnswer>(store, async () => {
    const loaded = await store.ledger.change(changeId);
    if (loaded === null) throw new Error(`change/${changeId} vanished`);
    const { state, version } = loaded;
    const answer = decideChange({ command: "refuse", action, person, reason }, state, await store.now());
    return {
      kind: "commit",
      commit: { writes: [changeWrite(changeId, version, answer.events)] },
      after: () => refusal(reason, action, targetOf(state), rulebook, neededRolesOf(state, action)),
    };
  });
}

/** The refusal a person sees, with whom to ask instead. */
export function refusal(
  reason: string,
  action: PersonAction,
  target: Target,
  rulebook: Rulebook,
  among?: readonly string[],
): Extract<ActionAnswer, { kind: "refused" }> {
  return { kind: "refused", reason, whoMay: holdersOf(action, target, rulebook.roles, among) };
}

import type { ChangeState } from "../../domain/change/change.ts";
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
import { changeWrite } from "../propose-change.ts";

/** Identity facts may be this old at a click; at execution they are read afresh. */
export const identityMaxAgeMs = 60_000;

export interface PermissionDeps {
  identity: Identity;
  rulebook: Rulebook;
}

export type Asked =
  | { kind: "asked"; person: PersonFacts; permission: Permission }
  /** Slack could not be asked: no, for now. */
  | Extract<ActionAnswer, { kind: "unavailable" }>;

/** May this person do this to this target, now? An approval also needs one of the roles the change asks for. */
export async function checkPermission(
  userId: string,
  action: PersonAction,
  target: Target,
  deps: PermissionDeps,
  neededRoles?: readonly string[],
): Promise<Asked> {
  let person: PersonFacts;
  let home: string;
  try {
    [person, home] = await Promise.all([
      deps.identity.person(userId, identityMaxAgeMs),
      deps.identity.homeTeamId(),
    ]);
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const reason = `Slack could not be asked who you are (${error.code}), so nothing was done. Try again.`;
    return { kind: "unavailable", reason };
  }
  const permission = permissionFor(person, action, target, deps.rulebook.roles, home);
  if (permission.kind === "granted" && neededRoles !== undefined) {
    const roles = permission.roles.filter((role) => neededRoles.includes(role));
    if (roles.length === 0) {
      const reason = `this change needs an approval by ${neededRoles.join(" or ")}`;
      return { kind: "asked", person, permission: { kind: "refused", reason } };
    }
    return { kind: "asked", person, permission: { kind: "granted", roles } };
  }
  return { kind: "asked", person, permission };
}

export function targetOf(change: ChangeState): Target {
  const { target, riskClass } = change.proposal.action;
  return { ...target, risk: riskClass };
}

/** Roles whose approval counts for this change; undefined where policy names none. */
export function neededRolesOf(change: ChangeState): readonly string[] | undefined {
  const { decision } = change;
  return decision !== null && "requirement" in decision ? decision.requirement.roles : undefined;
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
      after: () => refusal(reason, action, targetOf(state), rulebook),
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

import { z } from "zod";
import type { PersonFacts } from "../people.ts";
import { RiskClass } from "./governance-contract.ts";

/** What a person may be permitted to do. */
export const PersonAction = z.enum([
  "approve",
  "reject",
  "acknowledge",
  "propose",
  "revert",
  "close",
  "mute",
  "edit",
  /** State what a tool's contract asks a person to state before it may be approved. */
  "attest",
  "break_glass",
  /** Lower Signalman's authority: pause, mode, deny, strict. */
  "override",
  /** Give back what was lowered. */
  "resume",
  "grant_standing",
]);
export type PersonAction = z.infer<typeof PersonAction>;

const any = z.literal("*");

/** Where a grant holds. Every field that is given must match; `*` matches all. */
export const Grant = z.strictObject({
  actions: z.array(z.union([PersonAction, any])).min(1),
  projects: z.array(z.string().min(1)).min(1).default(["*"]),
  environments: z.array(z.string().min(1)).min(1).default(["*"]),
  /** A flag with at least one of these tags; `*` also matches a flag without tags. */
  tags: z.array(z.string().min(1)).min(1).default(["*"]),
  risks: z
    .array(z.union([RiskClass, any]))
    .min(1)
    .default(["*"]),
});
export type Grant = z.infer<typeof Grant>;

export const Role = z.strictObject({
  description: z.string().max(300).default(""),
  groups: z.array(z.string().regex(/^S[A-Z0-9]{2,}$/, "a Slack user group id such as S0123ABCD")).default([]),
  users: z.array(z.string().regex(/^[UW][A-Z0-9]{2,}$/, "a Slack user id such as U0123ABCD")).default([]),
  permit: z.array(Grant).default([]),
  forbid: z.array(Grant).default([]),
});
export type Role = z.infer<typeof Role>;

/** `governance/roles.yml`: who may do what where. Default deny; forbid beats permit. */
export const Roles = z.strictObject({
  /** The Slack workspace whose members count. Empty: the one the bot is installed in. */
  teamId: z.string().default(""),
  roles: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/, "lower-case letters, digits and hyphens"), Role),
});
export type Roles = z.infer<typeof Roles>;

/** What the permission is asked for. */
export interface Target {
  project: string;
  environment: string;
  tags: readonly string[];
  risk: RiskClass;
}

export type Permission = { kind: "granted"; roles: string[] } | { kind: "refused"; reason: string };

/** Pure: default deny, forbid beats permit, and an account that is not a plain member of our team never passes. */
export function permissionFor(
  person: PersonFacts,
  action: PersonAction,
  target: Target,
  roles: Roles,
  homeTeamId: string,
): Permission {
  const barred = barredBecause(person, roles, homeTeamId);
  if (barred !== null) return { kind: "refused", reason: barred };

  const held = Object.entries(roles.roles).filter(
    ([, role]) =>
      role.users.includes(person.userId) || role.groups.some((group) => person.groups.includes(group)),
  );
  const forbidding = held.find(([, role]) => role.forbid.some((grant) => covers(grant, action, target)));
  if (forbidding !== undefined) {
    return { kind: "refused", reason: `the role ${forbidding[0]} forbids it` };
  }
  const granting = held.filter(([, role]) => role.permit.some((grant) => covers(grant, action, target)));
  if (granting.length === 0) {
    return { kind: "refused", reason: "it takes a role that permits it" };
  }
  return { kind: "granted", roles: granting.map(([name]) => name) };
}

/** Names of the roles through which this may be done to this, for whoever holds one and is forbidden by no other. */
export function rolesThatPermit(action: PersonAction, target: Target, roles: Roles): string[] {
  const covering = (grants: readonly Grant[]) => grants.some((grant) => covers(grant, action, target));
  return Object.entries(roles.roles).flatMap(([name, role]) =>
    covering(role.permit) && !covering(role.forbid) ? [name] : [],
  );
}

/** Slack user groups and users that hold a role which permits this: whom to ask, and whom to ping. */
export function holdersOf(
  action: PersonAction,
  target: Target,
  roles: Roles,
  among?: readonly string[],
): { groups: string[]; users: string[] } {
  const holding = (kind: "permit" | "forbid") =>
    Object.entries(roles.roles).filter(([, role]) =>
      role[kind].some((grant) => covers(grant, action, target)),
    );
  const forbidding = holding("forbid");
  const forbidden = new Set(forbidding.flatMap(([, role]) => [...role.groups, ...role.users]));
  const granting = holding("permit")
    .filter(([name]) => among === undefined || among.includes(name))
    .filter(([name]) => !forbidding.some(([other]) => other === name))
    .map(([, role]) => role);
  const named = (ids: string[]) => [...new Set(ids)].filter((id) => !forbidden.has(id));
  return {
    groups: named(granting.flatMap((role) => role.groups)),
    users: named(granting.flatMap((role) => role.users)),
  };
}

/** Why this account decides and judges nothing here, whatever roles say; null for a plain member of our team. */
export function barredBecause(person: PersonFacts, roles: Roles, homeTeamId: string): string | null {
  const teamId = roles.teamId === "" ? homeTeamId : roles.teamId;
  if (person.deleted) return "the account is deactivated";
  if (person.isBot) return "bots decide nothing";
  if (person.isRestricted || person.isUltraRestricted) return "guests decide nothing";
  if (person.isStranger || person.teamId !== teamId) return "the account belongs to another workspace";
  return null;
}

function covers(grant: Grant, action: PersonAction, target: Target): boolean {
  return (
    holds(grant.actions, action) &&
    holds(grant.projects, target.project) &&
    holds(grant.environments, target.environment) &&
    (grant.tags.includes("*") || target.tags.some((tag) => grant.tags.includes(tag))) &&
    holds(grant.risks, target.risk)
  );
}

function holds(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

import type { GovernanceContract } from "./governance-contract.ts";
import { type Grant, type Role, type Roles } from "./roles.ts";

export interface UnreachableRule {
  path: readonly PropertyKey[];
  text: string;
}

/** Rules of `roles.yml` that can never take effect. */
export function unreachableGrants({ roles }: Roles): UnreachableRule[] {
  return Object.entries(roles).flatMap(([name, role]) => [
    ...(role.permit.length > 0 && role.groups.length === 0 && role.users.length === 0
      ? [{ path: ["roles", name], text: `nobody holds the role ${name}, so what it permits is unreachable.` }]
      : []),
    ...covered(name, "permit", role.permit),
    ...covered(name, "forbid", role.forbid),
    ...role.permit.flatMap((grant, index) =>
      role.forbid.some((ban) => contains(ban, grant))
        ? [
            {
              path: ["roles", name, "permit", index],
              text: `the role ${name} forbids all of what this permits, so it is unreachable.`,
            },
          ]
        : [],
    ),
  ]);
}

/** Rules of a contract that can never take effect. */
export function unreachableApprovals(contract: GovernanceContract, { roles }: Roles): UnreachableRule[] {
  const { approval, riskClass } = contract;
  if (approval === undefined) return [];
  const found: UnreachableRule[] = [];
  for (const [environment, rule] of Object.entries(approval.reviewers)) {
    for (const part of ["roles", "requiredRoles"] as const) {
      for (const [index, name] of rule[part].entries()) {
        const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
        if (role === undefined || mayApprove(role, environment, riskClass)) continue;
        found.push({
          path: ["approval", "reviewers", environment, part, index],
          text: `the role ${name} may not approve a ${riskClass} there (roles.yml), so its approval is unreachable.`,
        });
      }
    }
  }
  const asked = new Set(Object.values(approval.reviewers).flatMap((rule) => rule.roles));
  const everywhere = Object.values(approval.reviewers).every((rule) =>
    approval.escalation.every((step) => step.roles.every((name) => rule.roles.includes(name))),
  );
  for (const [index, step] of approval.escalation.entries()) {
    if (!everywhere || !step.roles.every((name) => asked.has(name))) continue;
    found.push({
      path: ["approval", "escalation", index],
      text: `everybody it escalates to (${step.roles.join(", ")}) may approve from the start, so it is unreachable.`,
    });
  }
  return found;
}

function mayApprove(role: Role, environment: string, risk: string): boolean {
  return role.permit.some(
    ({ actions, environments, risks }) =>
      holds(actions, "approve") &&
      holds(risks, risk) &&
      (environment === "default" || holds(environments, environment)),
  );
}

function covered(name: string, kind: "permit" | "forbid", grants: readonly Grant[]): UnreachableRule[] {
  return grants.flatMap((grant, index) =>
    grants.some((other, at) => at < index && contains(other, grant))
      ? [
          {
            path: ["roles", name, kind, index],
            text: `an entry above it in the role ${name} says all of it already, so it is unreachable.`,
          },
        ]
      : [],
  );
}

function contains(wide: Grant, narrow: Grant): boolean {
  const parts = ["actions", "projects", "environments", "tags", "risks"] as const;
  return parts.every((part) => narrow[part].every((value) => holds(wide[part], value)));
}

function holds(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

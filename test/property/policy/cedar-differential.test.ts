import { isAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PersonFacts } from "../../../src/domain/people.ts";
import { RiskClass } from "../../../src/domain/policy/governance-contract.ts";
import {
  type Grant,
  permissionFor,
  PersonAction,
  type Role,
  Roles,
  type Target,
} from "../../../src/domain/policy/roles.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { homeTeam, personWith } from "../../support/policy-fixtures.ts";

/** A second opinion on the role part: the same rules in Cedar's language, judged by Cedar's own engine. */
function toCedar({ roles, teamId }: Roles): string {
  const barred = [
    "principal.deleted",
    "principal.isBot",
    "principal.isRestricted",
    "principal.isUltraRestricted",
    "principal.isStranger",
    `principal.teamId != ${text(teamId === "" ? homeTeam : teamId)}`,
  ];
  const rules = Object.values(roles).flatMap((role) => [
    ...role.permit.map((grant) => rule("permit", role, grant)),
    ...role.forbid.map((grant) => rule("forbid", role, grant)),
  ]);
  return [`forbid(principal, action, resource) when { ${barred.join(" || ")} };`, ...rules].join("\n");
}

function rule(effect: "permit" | "forbid", { groups, users }: Role, grant: Grant): string {
  const holds = [
    ...groups.map((id) => `principal in Group::${text(id)}`),
    ...users.map((id) => `principal == User::${text(id)}`),
  ];
  const when = [
    holds.length === 0 ? "false" : `(${holds.join(" || ")})`,
    ...(grant.actions.includes("*")
      ? []
      : [`[${grant.actions.map((name) => `Action::${text(name)}`).join(", ")}].contains(action)`]),
    ...(grant.projects.includes("*") ? [] : [`${named(grant.projects)}.contains(resource.project)`]),
    ...(grant.environments.includes("*")
      ? []
      : [`${named(grant.environments)}.contains(resource.environment)`]),
    ...(grant.tags.includes("*") ? [] : [`resource.tags.containsAny(${named(grant.tags)})`]),
    ...(grant.risks.includes("*") ? [] : [`${named(grant.risks)}.contains(resource.risk)`]),
  ];
  return `${effect}(principal, action, resource) when { ${when.join(" && ")} };`;
}

function named(list: readonly string[]): string {
  return `[${list.map(text).join(", ")}]`;
}

function text(value: string): string {
  return JSON.stringify(value);
}

function cedarSays(person: PersonFacts, action: PersonAction, target: Target, roles: Roles): string {
  const { userId, groups, deleted, isBot, isRestricted, isUltraRestricted, isStranger, teamId } = person;
  const principal = { type: "User", id: userId };
  const resource = { type: "Flag", id: "flag" };
  const answer = isAuthorized({
    principal,
    action: { type: "Action", id: action },
    resource,
    context: {},
    policies: { staticPolicies: toCedar(roles) },
    entities: [
      {
        uid: principal,
        attrs: { deleted, isBot, isRestricted, isUltraRestricted, isStranger, teamId },
        parents: groups.map((id) => ({ type: "Group", id })),
      },
      { uid: resource, attrs: { ...target, tags: [...target.tags] }, parents: [] },
    ],
  });
  if (answer.type === "failure") throw new Error(answer.errors.map(({ message }) => message).join("; "));
  if (answer.response.diagnostics.errors.length > 0)
    throw new Error(JSON.stringify(answer.response.diagnostics));
  return answer.response.decision;
}

const groupIds = ["S0ONE", "S0TWO", "S0THREE"];
const userIds = ["U0ANN", "U0BEN", "U0CAT"];
const projects = ["shop", "billing"];
const environments = ["prod", "staging", 'pr"od', "dev\\"];
const tags = ["checkout", "search"];

const some = <T>(values: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const orAll = <T>(values: readonly T[]): fc.Arbitrary<(T | "*")[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<"*"[]>(["*"]) }, some(values));
const grant = fc.record({
  actions: orAll(PersonAction.options),
  projects: orAll(projects),
  environments: orAll(environments),
  tags: orAll(tags),
  risks: orAll(RiskClass.options),
});
const role = fc.record({
  description: fc.constant(""),
  groups: fc.uniqueArray(fc.constantFrom(...groupIds), { maxLength: 2 }),
  users: fc.uniqueArray(fc.constantFrom(...userIds), { maxLength: 2 }),
  permit: fc.array(grant, { maxLength: 3 }),
  forbid: fc.array(grant, { maxLength: 1 }),
});
const roles = fc
  .record({
    teamId: fc.constantFrom("", homeTeam),
    roles: fc.dictionary(fc.constantFrom("one", "two", "three", "four"), role, { minKeys: 1 }),
  })
  .map((given) => Roles.parse(given));
const rarely = fc.nat(11).map((roll) => roll === 0);
const person = fc
  .record({
    userId: fc.constantFrom(...userIds),
    groups: fc.uniqueArray(fc.constantFrom(...groupIds)),
    teamId: fc.nat(9).map((roll) => (roll === 0 ? "T0OTHER" : homeTeam)),
    deleted: rarely,
    isBot: rarely,
    isRestricted: rarely,
    isUltraRestricted: rarely,
    isStranger: rarely,
  })
  .map((facts) => personWith(facts));
const target: fc.Arbitrary<Target> = fc.record({
  project: fc.constantFrom(...projects),
  environment: fc.constantFrom(...environments),
  tags: fc.uniqueArray(fc.constantFrom(...tags)),
  risk: fc.constantFrom(...RiskClass.options),
});

test("Cedar judges every permission as we do", () => {
  const seen = { allow: 0, deny: 0 };
  fc.assert(
    fc.property(
      person,
      fc.constantFrom(...PersonAction.options),
      target,
      roles,
      (who, action, what, rules) => {
        const ours = permissionFor(who, action, what, rules, homeTeam).kind === "granted" ? "allow" : "deny";
        seen[ours] += 1;
        expect(cedarSays(who, action, what, rules)).toBe(ours);
      },
    ),
    seeded("Cedar as a second opinion", Number(process.env["SIGNALMAN_ORACLE_RUNS"] ?? 500)),
  );
  // Both answers have to have been asked about often enough to mean something.
  expect(Math.min(seen.allow, seen.deny)).toBeGreaterThan(50);
});

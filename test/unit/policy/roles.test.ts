import { describe, expect, test } from "vitest";
import type { PersonFacts } from "../../../src/domain/people.ts";
import {
  holdersOf,
  permissionFor,
  PersonAction,
  Roles,
  type Target,
} from "../../../src/domain/policy/roles.ts";
import { exampleRoles, homeTeam, personWith } from "../../support/policy-fixtures.ts";

const prod: Target = { project: "shop", environment: "prod", tags: ["checkout"], risk: "reversible_write" };
const staging: Target = { ...prod, environment: "staging" };
const otherTag: Target = { ...prod, tags: ["search"] };
const noTag: Target = { ...prod, tags: [] };
const irreversible: Target = { ...prod, risk: "irreversible" };
const targets = { prod, staging, otherTag, noTag, irreversible };

const inRelease = { groups: ["S0RELEASE"] };
const actors = {
  rita: personWith({ userId: "U0RITA" }),
  "release member": personWith({ userId: "U0REX", ...inRelease }),
  "service owner": personWith({ userId: "U0OMAR", groups: ["S0CHECKOUT"] }),
  "staging owner": personWith({ userId: "U0STAN" }),
  "on call by group": personWith({ userId: "U0OLGA", groups: ["S0ONCALL"] }),
  "on call by name": personWith({ userId: "U0MAYA" }),
  "nobody in particular": personWith({ userId: "U0NED", groups: ["S0OTHER"] }),
  "auditor in release": personWith({ userId: "U0ADA", ...inRelease }),
  "frozen release member": personWith({ userId: "U0FAY", groups: ["S0RELEASE", "S0FREEZE"] }),
  deactivated: personWith({ userId: "U0RITA", deleted: true }),
  bot: personWith({ userId: "U0RITA", isBot: true }),
  "multi-channel guest": personWith({ userId: "U0RITA", isRestricted: true }),
  "single-channel guest": personWith({ userId: "U0RITA", isUltraRestricted: true }),
  stranger: personWith({ userId: "U0RITA", isStranger: true }),
  "of another workspace": personWith({ userId: "U0RITA", teamId: "T0OTHER" }),
} satisfies Record<string, PersonFacts>;

const butApprove =
  "reject acknowledge propose revert close mute edit attest break_glass override resume grant_standing";
const all = `approve ${butApprove}`;
const ofServiceOwner = "approve reject acknowledge propose revert close mute";
const ofOnCall = "reject acknowledge propose revert";

/** By hand: which actions each actor may do on each target; what is not named is refused. */
const expected: Record<string, Partial<Record<string, string>>> = {
  rita: { prod: all, staging: all, otherTag: all, noTag: all, irreversible: all },
  "release member": { prod: all, staging: all, otherTag: all, noTag: all, irreversible: all },
  "service owner": { prod: ofServiceOwner, staging: ofServiceOwner },
  "staging owner": { staging: "approve reject" },
  "on call by group": {
    prod: ofOnCall,
    staging: ofOnCall,
    otherTag: ofOnCall,
    noTag: ofOnCall,
    irreversible: ofOnCall,
  },
  "on call by name": {
    prod: ofOnCall,
    staging: ofOnCall,
    otherTag: ofOnCall,
    noTag: ofOnCall,
    irreversible: ofOnCall,
  },
  "nobody in particular": {},
  "auditor in release": {},
  "frozen release member": {
    prod: butApprove,
    staging: all,
    otherTag: butApprove,
    noTag: butApprove,
    irreversible: butApprove,
  },
  deactivated: {},
  bot: {},
  "multi-channel guest": {},
  "single-channel guest": {},
  stranger: {},
  "of another workspace": {},
};

const lines = Object.entries(actors).flatMap(([who, person]) =>
  Object.entries(targets).flatMap(([where, target]) =>
    PersonAction.options.map((action) => {
      const kind = expected[who]?.[where]?.split(" ").includes(action) ? "granted" : "refused";
      return { who, where, action, person, target, kind };
    }),
  ),
);

test("the table has a line for every actor", () => {
  expect(Object.keys(expected).toSorted()).toEqual(Object.keys(actors).toSorted());
});

test.each(lines)("$who, $action on $where: $kind", ({ person, action, target, kind }) => {
  expect(permissionFor(person, action, target, exampleRoles, homeTeam).kind).toBe(kind);
});

describe("what a refusal says", () => {
  test.each([
    ["nobody in particular", "it takes a role that permits it"],
    ["auditor in release", "the role auditor forbids it"],
    ["deactivated", "the account is deactivated"],
    ["bot", "bots decide nothing"],
    ["multi-channel guest", "guests decide nothing"],
    ["stranger", "the account belongs to another workspace"],
    ["of another workspace", "the account belongs to another workspace"],
  ] as const)("to %s", (who, reason) => {
    expect(permissionFor(actors[who], "approve", prod, exampleRoles, homeTeam)).toEqual({
      kind: "refused",
      reason,
    });
  });
});

test("the roles that grant it are named, and no others", () => {
  const both = personWith({ userId: "U0BO", groups: ["S0RELEASE", "S0CHECKOUT", "S0ONCALL"] });
  expect(permissionFor(both, "approve", prod, exampleRoles, homeTeam)).toEqual({
    kind: "granted",
    roles: ["release-manager", "service-owner"],
  });
  expect(permissionFor(both, "approve", otherTag, exampleRoles, homeTeam)).toEqual({
    kind: "granted",
    roles: ["release-manager"],
  });
});

test("a workspace named in the roles counts instead of the bot's own", () => {
  const roles = { ...exampleRoles, teamId: "T0GRID" };
  expect(permissionFor(actors.rita, "approve", prod, roles, homeTeam).kind).toBe("refused");
  const member = personWith({ userId: "U0RITA", teamId: "T0GRID" });
  expect(permissionFor(member, "approve", prod, roles, homeTeam).kind).toBe("granted");
});

test("projects confine a grant", () => {
  const roles = Roles.parse({
    roles: { shop: { users: ["U0SAM"], permit: [{ actions: ["approve"], projects: ["shop"] }] } },
  });
  const sam = personWith({ userId: "U0SAM" });
  expect(permissionFor(sam, "approve", prod, roles, homeTeam).kind).toBe("granted");
  expect(permissionFor(sam, "approve", { ...prod, project: "lab" }, roles, homeTeam).kind).toBe("refused");
});

describe("whom to ask", () => {
  test.each([
    ["approve", prod, ["S0RELEASE", "S0CHECKOUT"], ["U0RITA"]],
    ["approve", staging, ["S0RELEASE", "S0CHECKOUT"], ["U0RITA", "U0STAN"]],
    ["approve", otherTag, ["S0RELEASE"], ["U0RITA"]],
    ["approve", irreversible, ["S0RELEASE"], ["U0RITA"]],
    ["revert", prod, ["S0RELEASE", "S0CHECKOUT", "S0ONCALL"], ["U0RITA", "U0MAYA"]],
  ] as const)("%s %#", (action, target, groups, users) => {
    expect(holdersOf(action, target, exampleRoles)).toEqual({ groups, users });
  });

  test("among the roles that a change asks for", () => {
    expect(holdersOf("approve", prod, exampleRoles, ["service-owner"])).toEqual({
      groups: ["S0CHECKOUT"],
      users: [],
    });
    expect(holdersOf("approve", prod, exampleRoles, [])).toEqual({ groups: [], users: [] });
  });

  test("nobody whom another role forbids by name", () => {
    const roles = Roles.parse({
      roles: {
        "release-manager": { users: ["U0RITA", "U0ADA"], permit: [{ actions: ["*"] }] },
        auditor: { users: ["U0ADA"], forbid: [{ actions: ["*"] }] },
      },
    });
    expect(holdersOf("approve", prod, roles).users).toEqual(["U0RITA"]);
  });
});

import { describe, expect, test } from "vitest";
import { permissionFor, type PersonAction, type Target } from "../../../src/domain/policy/roles.ts";
import { exampleRoles, homeTeam, personWith } from "../../support/policy-fixtures.ts";
import { createWorld } from "../pipeline/world.ts";

const environments = ["prod", "staging", "qa", "dev"] as const;
const actions = ["approve", "reject", "revert"] as const satisfies PersonAction[];

const release = { groups: ["S0RELEASE"] };
const actors = {
  "release manager by name": personWith({ userId: "U0RITA" }),
  "release manager by group": personWith({ userId: "U0REX", ...release }),
  "owner of the service": personWith({ userId: "U0OMAR", groups: ["S0CHECKOUT"] }),
  "owner of staging": personWith({ userId: "U0STAN" }),
  "on call": personWith({ userId: "U0OLGA", groups: ["S0ONCALL"] }),
  "without a role": personWith({ userId: "U0NED", groups: ["S0OTHER"] }),
  "auditor, in the group": personWith({ userId: "U0ADA", ...release }),
  "frozen, in the group": personWith({ userId: "U0FAY", groups: ["S0RELEASE", "S0FREEZE"] }),
  "removed from the group": personWith({ userId: "U0REX", groups: [] }),
  deactivated: personWith({ userId: "U0RITA", deleted: true, ...release }),
  bot: personWith({ userId: "U0RITA", isBot: true, ...release }),
  "guest of some channels": personWith({ userId: "U0RITA", isRestricted: true, ...release }),
  "guest of one channel": personWith({ userId: "U0RITA", isUltraRestricted: true, ...release }),
  "external (Slack Connect)": personWith({ userId: "U0RITA", isStranger: true, ...release }),
};

/** By hand, a column an environment: a for approve, r for reject, v for revert; a dot is a refusal. */
const byHand = `
                           prod  staging  qa   dev
  release manager by name  arv   arv      arv  arv
  release manager by group arv   arv      arv  arv
  owner of the service     arv   arv      arv  arv
  owner of staging         ...   ar.      ...  ...
  on call                  .rv   .rv      .rv  .rv
  without a role           ...   ...      ...  ...
  auditor, in the group    ...   ...      ...  ...
  frozen, in the group     .rv   arv      arv  arv
  removed from the group   ...   ...      ...  ...
  deactivated              ...   ...      ...  ...
  bot                      ...   ...      ...  ...
  guest of some channels   ...   ...      ...  ...
  guest of one channel     ...   ...      ...  ...
  external (Slack Connect) ...   ...      ...  ...
`;

const letters = { approve: "a", reject: "r", revert: "v" } as const;

function found(): string {
  const rows = Object.entries(actors).map(([who, person]) => {
    const cells = environments.map((environment) => {
      const target: Target = { project: "shop", environment, tags: ["checkout"], risk: "reversible_write" };
      return actions
        .map((action) =>
          permissionFor(person, action, target, exampleRoles, homeTeam).kind === "granted"
            ? letters[action]
            : ".",
        )
        .join("");
    });
    return [who, ...cells];
  });
  return [["", ...environments], ...rows].map(line).join("\n");
}

function line([who = "", ...cells]: string[]): string {
  const widths = [6, 9, 5, 5];
  return `  ${who.padEnd(25)}${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("")}`.trimEnd();
}

test("14 actors × 3 actions × 4 environments are 168 cells, each as written by hand", () => {
  const cells = Object.keys(actors).length * actions.length * environments.length;
  expect(cells).toBe(168);
  const table = found();
  process.stdout.write(`permissions, ${cells} cells:\n${table}\n`);
  expect(table.split("\n")).toEqual(byHand.split("\n").slice(1, -1));
});

/** What may become of somebody between their click and the execution. */
const demotions = {
  "removed from the group": { groups: [] },
  deactivated: { deleted: true },
  "turned into a bot": { isBot: true },
  "made a guest of some channels": { isRestricted: true },
  "made a guest of one channel": { isUltraRestricted: true },
  "made external": { isStranger: true },
  "moved to another workspace": { teamId: "T0OTHER" },
  "put under a freeze": { groups: ["S0RELEASE", "S0FREEZE"] },
};

describe("between click and execution", () => {
  test.each(Object.entries(demotions))("somebody is %s: nothing is written", async (_, become) => {
    const world = createWorld();
    const id = await world.propose();
    expect(await world.vote(id, "U0REX")).toMatchObject({ kind: "done" });
    world.identity.people.set("U0REX", personWith({ userId: "U0REX", ...release, ...become }));
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect((await world.change(id)).status).toBe("awaiting_approval");
  });

  test.each(["approve", "reject"] as const)("Slack is away at the click: %s is not taken", async (vote) => {
    const world = createWorld();
    const id = await world.propose();
    world.identity.down = true;
    const answer = await world.vote(id, "U0REX", { vote, rationale: "Because." });
    expect(answer).toMatchObject({ kind: "unavailable", reason: expect.stringMatching(/Try again/) });
    world.identity.down = false;
    await world.execute(id);
    expect(world.flags.writes).toEqual([]);
    expect(await world.story(id)).toEqual(["change_proposed", "decided"]);
  });
});

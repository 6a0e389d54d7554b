import { z } from "zod";
import { createSlackProbe, type SlackProbe } from "../../adapters/slack/probe-slack.ts";
import { type Governance, loadGovernance } from "../../documents/load-governance.ts";
import { ConfigError } from "../../domain/config-error.ts";
import type { PeopleMap } from "../../domain/policy/people-map.ts";
import type { Roles } from "../../domain/policy/roles.ts";
import { type Check, type Finding, problem, warning } from "./check.ts";

const Groups = z.object({
  usergroups: z.array(z.object({ id: z.string(), date_delete: z.number().default(0) })),
});
const User = z.object({ user: z.object({ deleted: z.boolean().default(false) }) });
const mostUsers = 50;

/** Whether the groups and people of governance/roles.yml and people.yml are in this workspace. */
export const checkPeople: Check = {
  name: "people",
  async run({ config: { web, executor, documents }, timeoutMs }) {
    const slack = web?.slack ?? executor?.slack;
    const token = slack?.botToken.reveal() ?? "";
    const governance = governanceOf(documents.governance);
    if (slack === undefined || token === "" || governance === null) return [];
    const { roles, people } = governance;
    const probe = createSlackProbe(slack.apiUrl, timeoutMs);
    return [
      ...(await ofGroups(probe, token, Object.entries(roles.roles))),
      ...(await ofUsers(probe, token, [...usersOf(roles), ...mappedUsers(people)])),
    ];
  },
};

/** Null where another check says what is wrong with it. */
function governanceOf(folder: string): Governance | null {
  try {
    return loadGovernance(folder);
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

async function ofGroups(
  probe: SlackProbe,
  token: string,
  roles: [string, Roles["roles"][string]][],
): Promise<Finding[]> {
  const wanted = roles.flatMap(([role, { groups }]) => groups.map((group) => ({ role, group })));
  if (wanted.length === 0) return [];
  const { error, body } = await probe.ask(token, "usergroups.list", { include_disabled: "true" });
  if (error === "plan_upgrade_required") {
    return [
      warning(
        "This workspace's plan has no user groups, and governance/roles.yml names some.",
        "Nobody holds those roles.",
        "Name people by their ids under users.",
      ),
    ];
  }
  const groups = Groups.safeParse(body);
  // A missing scope or a refused token is named by the check of the token.
  if (error !== null || !groups.success) return [];
  const live = groups.data.usergroups.filter(({ date_delete: at }) => at === 0).map(({ id }) => id);
  return wanted
    .filter(({ group }) => !live.includes(group))
    .map(({ role, group }) =>
      problem(
        `The Slack group ${group} of the role ${role} is not in this workspace, or disabled.`,
        "Nobody holds the role by it.",
        'Correct the id in governance/roles.yml ("Copy group ID" in Slack), or remove it.',
      ),
    );
}

async function ofUsers(
  probe: SlackProbe,
  token: string,
  users: { id: string; where: string }[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id, where } of users.slice(0, mostUsers)) {
    const { error, body } = await probe.ask(token, "users.info", { user: id });
    const user = User.safeParse(body);
    const gone = error === "user_not_found" || (error === null && user.success && user.data.user.deleted);
    if (!gone) continue;
    findings.push(
      warning(
        `${id} (${where}) is nobody in this workspace, or deactivated.`,
        "Nobody holds the role by it.",
        `Correct the id in ${where} ("Copy member ID" in Slack), or remove it.`,
      ),
    );
  }
  return findings;
}

function usersOf({ roles }: Roles) {
  const where = "governance/roles.yml";
  return [...new Set(Object.values(roles).flatMap(({ users }) => users))].map((id) => ({ id, where }));
}

/** Which Slack account belongs to an e-mail address of FeatBit. */
function mappedUsers({ people }: PeopleMap) {
  return [...new Set(Object.values(people))].map((id) => ({ id, where: "governance/people.yml" }));
}

import { OpsError } from "../../domain/ops-error.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Roles } from "../../domain/policy/roles.ts";
import type { FindPerson, Identity } from "../../pipeline/ports/people.ts";
import { askSlack } from "./ask-slack.ts";
import { plain } from "./escape-text.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { slackCode } from "./slack-failure.ts";
import { createWebClient, type SlackAccess } from "./web-client.ts";
import { WireAuth, WireUser, WireUserGroups } from "./wire.ts";

export interface SlackIdentity extends Identity {
  /** `@handle` of a user group without the `@`; its id where Slack does not tell. For sentences, not decisions. */
  groupName(groupId: string): Promise<string>;
  /** A person's display name; the id where Slack does not tell. */
  personName(userId: string): Promise<string>;
  /** Whose address this is: their user id, at most a minute old; null where it is nobody's. Needs users:read.email. */
  findPerson: FindPerson;
  /** Forgets who is in which group: Slack said that it changed. */
  forgetGroups(): void;
}

interface Groups {
  handles: Map<string, string>;
  members: Map<string, ReadonlySet<string>>;
}
interface Known<T> {
  value: T;
  /** When it was asked for, so that an answer is never thought younger than it is. */
  askedAt: number;
}

const namesMaxAgeMs = 600_000;
const addressesMaxAgeMs = 60_000;

/**
 * Who somebody is, by `users.info` and `usergroups.list`. Needs the bot token alone, so that the executor can
 * ask too. A call that takes longer than `timeoutMs` (2 s) is an `OpsError`: then the answer is no, for now.
 */
export function createIdentity(
  options: SlackAccess & { roles: Roles; log: Log; timeoutMs?: number },
): SlackIdentity {
  const { roles, log } = options;
  const client = createWebClient(options, log, options.timeoutMs ?? 2000);
  const rolesNameGroups = Object.values(roles.roles).some((role) => role.groups.length > 0);
  const people = new Map<string, Known<WireUser>>();
  const addresses = new Map<string, Known<string | null>>();
  let groups: Known<Groups> | null = null;
  let home: string | null = null;

  const userOf = async (userId: string, maxAgeMs: number): Promise<WireUser> => {
    const known = people.get(userId);
    const askedAt = performance.now();
    if (known !== undefined && askedAt - known.askedAt < maxAgeMs) return known.value;
    const value = await askSlack(
      "users.info",
      WireUser,
      async () => (await client.users.info({ user: userId })).user,
    );
    if (people.size >= 5000) people.clear();
    people.set(userId, { value, askedAt });
    return value;
  };

  const groupsNow = async (maxAgeMs: number): Promise<Groups> => {
    const askedAt = performance.now();
    if (groups !== null && askedAt - groups.askedAt < maxAgeMs) return groups.value;
    const value = await readGroups();
    groups = { value, askedAt };
    return value;
  };

  const readGroups = async (): Promise<Groups> => {
    const read = await askSlack("usergroups.list", WireUserGroups, () =>
      client.usergroups.list({ include_users: true }),
    ).catch((error: unknown) => {
      // User groups need a paid plan; without them only the user ids of roles.yml count.
      if (error instanceof OpsError && slackCode(error.cause) === "plan_upgrade_required")
        return { usergroups: [] };
      throw error;
    });
    const live = read.usergroups.filter((group) => group.date_delete === 0);
    return {
      handles: new Map(live.map((group) => [group.id, group.handle])),
      members: new Map(live.map((group) => [group.id, new Set(group.users)])),
    };
  };

  return {
    async homeTeamId() {
      home ??= (await askSlack("auth.test", WireAuth, () => client.auth.test())).team_id;
      return home;
    },

    async person(userId, maxAgeMs): Promise<PersonFacts> {
      const [user, { members }] = await Promise.all([
        userOf(userId, maxAgeMs),
        rolesNameGroups ? groupsNow(maxAgeMs) : { members: new Map<string, ReadonlySet<string>>() },
      ]);
      return {
        userId: user.id,
        name: nameOf(user),
        email: user.profile.email ?? null,
        teamId: user.team_id,
        groups: [...members].filter(([, ids]) => ids.has(userId)).map(([id]) => id),
        deleted: user.deleted,
        isBot: user.is_bot,
        isRestricted: user.is_restricted,
        isUltraRestricted: user.is_ultra_restricted,
        isStranger: user.is_stranger,
      };
    },

    async groupName(groupId) {
      const known = await groupsNow(namesMaxAgeMs).catch(() => null);
      return known?.handles.get(groupId) || groupId;
    },

    async personName(userId) {
      return userOf(userId, namesMaxAgeMs).then(nameOf, () => userId);
    },

    async findPerson(email) {
      const askedAt = performance.now();
      const known = addresses.get(email);
      if (known !== undefined && askedAt - known.askedAt < addressesMaxAgeMs) return known.value;
      const value = await askSlack(
        "users.lookupByEmail",
        WireUser,
        async () => (await client.users.lookupByEmail({ email })).user,
      ).then(
        ({ id }) => id,
        (error: unknown) => {
          if (error instanceof OpsError && slackCode(error.cause) === "users_not_found") return null;
          throw error;
        },
      );
      if (addresses.size >= 5000) addresses.clear();
      addresses.set(email, { value, askedAt });
      return value;
    },

    forgetGroups() {
      groups = null;
    },
  };
}

function nameOf(user: WireUser): string {
  const { profile } = user;
  // The real name first: the ledger has to be understood by people who never saw the workspace.
  return plain(user.real_name || profile.real_name || profile.display_name || user.name || user.id, 80);
}

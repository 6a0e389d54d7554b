import type { SlackIdentity } from "../adapters/slack/identity.ts";
import type { Slack } from "../config/slack.ts";
import type { Roles } from "../domain/policy/roles.ts";
import type { Log } from "../pipeline/ports/log.ts";

export type LateIdentity = Pick<SlackIdentity, "homeTeamId" | "person" | "findPerson"> & {
  /** Begins to load it before somebody asks. */
  load(): void;
};

/** Who somebody is, with Slack's client loaded when it is first asked: a door that opens does not wait for that. */
export function lateIdentity(slack: Slack, roles: Roles, log: Log): LateIdentity {
  let made: Promise<SlackIdentity> | null = null;
  const identity = () =>
    (made ??= import("../adapters/slack/identity.ts").then(({ createIdentity }) =>
      createIdentity({ botToken: slack.botToken.reveal(), apiUrl: slack.apiUrl, roles, log }),
    ));
  return {
    load: () => void identity(),
    homeTeamId: async () => (await identity()).homeTeamId(),
    person: async (userId, maxAgeMs) => (await identity()).person(userId, maxAgeMs),
    findPerson: async (email) => (await identity()).findPerson(email),
  };
}

import type { PersonFacts } from "../../domain/people.ts";

/** Who somebody is, says Slack. */
export interface Identity {
  /** The bot's own workspace. */
  homeTeamId(): Promise<string>;
  /**
   * Facts at most `maxAgeMs` old; 0 reads afresh. Throws `OpsError` when Slack cannot be asked: then the
   * answer to any permission question is no, for now.
   */
  person(userId: string, maxAgeMs: number): Promise<PersonFacts>;
}

/** The Slack user id of a member by e-mail address; null where there is none. Throws `OpsError` when Slack cannot be asked. */
export type FindPerson = (email: string) => Promise<string | null>;

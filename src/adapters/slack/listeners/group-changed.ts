import type { Front } from "../front.ts";

/** Somebody joined or left a user group: what is remembered of groups is old. */
export function listenToGroupChanges({ app, identity }: Front): void {
  const forget = async (): Promise<void> => identity.forgetGroups();
  app.event("subteam_members_changed", forget);
  app.event("subteam_updated", forget);
}

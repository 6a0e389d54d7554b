import type { SlackSandbox } from "../slack-sandbox.ts";

/** Turns ids in text into the names people read. */
export type Names = {
  user(id: string): string;
  group(id: string): string;
  channel(id: string): string;
};

export function namesIn({ workspace }: SlackSandbox): Names {
  return {
    user: (id) => workspace.users.get(id)?.realName ?? id,
    group: (id) => workspace.groups.get(id)?.handle ?? id,
    channel: (id) => workspace.channels.get(id)?.name ?? id,
  };
}

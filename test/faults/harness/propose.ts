import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { Entries } from "../../../src/sandbox/slack/driver/view-state.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import type { PersonName } from "../../../src/sandbox/world/people.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "./lane.ts";

/** Somebody asks for a change of a flag by `/ops propose` and both of its forms; answers its id and its card. */
export async function propose(
  { world, play }: Lane,
  person: PersonName,
  key: string,
  entries: Entries,
): Promise<{ changeId: string; card: SlackMessage }> {
  // After a pause Signalman has to connect to Slack again.
  await until("a connection to Slack", () => world.slack.sockets.count() > 0, { timeoutMs: 30_000 });
  const client = world.slack.as(world.people[person].id);
  const typed = await client.command("/ops", `propose ${key}`, world.channels.incidents.id);
  const first = await typed.view(({ callbackId }) => callbackId === "propose_flag", 10_000);
  const next = await client.submit(first.id, { environment: "0", flag: key });
  const second = await next.view(({ callbackId }) => callbackId === "propose", 10_000);
  const answer = visibleText(await (await client.submit(second.id, entries)).ephemeral(undefined, 10_000));
  const changeId = /^CHG-\w{10}/.exec(answer)?.[0];
  if (changeId === undefined)
    throw new Error(`${person} proposed a change of ${key} and was told: ${answer}`);
  return { changeId, card: await play.cardWith(new RegExp(`${changeId}[^]*\\nApprove\\n`)) };
}

import type { BlockAction, RespondFn } from "@slack/bolt";
import { answerLines, failureLines, tell, type Where } from "../answer-person.ts";
import { parseButtonValue } from "../button-value.ts";
import { inPersonSpan, type PersonsAct } from "../in-person-span.ts";
import type { Front } from "../front.ts";
import type { ActionAnswer } from "../../../pipeline/ports/person-actions.ts";
import { WireClick, WireHomeClick } from "../wire.ts";
import { within } from "../within.ts";

/** A click that Slack delivered for our app in our workspace. Nothing else about it is trusted yet. */
export interface Click extends Where {
  triggerId: string;
  ts: string;
  isEphemeral: boolean;
  /** True where the message says that our bot wrote it. */
  isOurs: boolean;
  value: ReturnType<typeof parseButtonValue>;
  chosen: string | null;
  /** The value as it came, for buttons that carry something else. */
  text: string;
  respond: RespondFn;
}

/** Registers the one handler of an action: acknowledges first, and turns every failure into a private answer. */
export function onClick(front: Front, actionId: string, handle: (click: Click) => Promise<void>): void {
  front.app.action<BlockAction>(actionId, async ({ ack, body, respond }) => {
    await ack();
    const click = readClick(front, body, respond);
    if (click === null) {
      front.log.warn(
        { intent: actionId },
        "A click was ignored: it is not of this app, workspace and message.",
      );
      return;
    }
    try {
      await inPersonSpan(front, { kind: "click", name: actionId, about: aboutOf(click) }, () =>
        handle(click),
      );
    } catch (error) {
      await tell(front, click, failureLines(front, error, actionId));
    }
  });
}

/** What a trace may go on with; nothing follows what is about neither. */
function aboutOf({ value }: Click): PersonsAct["about"] {
  return value?.kind === "change" || value?.kind === "incident" ? value : undefined;
}

/** Does it and tells the person how it ended. */
export async function actAndTell(
  front: Front,
  where: Where,
  act: () => Promise<ActionAnswer>,
): Promise<void> {
  const answer = await within(front.limits.actWithinMs, "Recording it", act());
  await tell(front, where, await answerLines(front, answer));
}

function readClick(front: Front, body: unknown, respond: RespondFn): Click | null {
  const parsed = WireClick.safeParse(body);
  if (!parsed.success) return readHomeClick(front, body, respond);
  const { team, user, api_app_id, trigger_id, container, channel, message, actions } = parsed.data;
  const sameMessage =
    container.channel_id === channel.id && (message == null || message.ts === container.message_ts);
  if (team.id !== front.teamId || api_app_id !== front.appId || !sameMessage) return null;
  const [action] = actions;
  return {
    channel: channel.id,
    userId: user.id,
    triggerId: trigger_id,
    ts: container.message_ts,
    isEphemeral: container.is_ephemeral,
    isOurs: message?.bot_id === front.botId,
    value: parseButtonValue(action?.value ?? ""),
    chosen: action?.selected_option?.value ?? null,
    text: action?.value ?? "",
    respond,
  };
}

/** On the home tab, which has no channel: whoever clicked is answered directly. */
function readHomeClick(front: Front, body: unknown, respond: RespondFn): Click | null {
  const parsed = WireHomeClick.safeParse(body);
  if (!parsed.success) return null;
  const { team, user, api_app_id, trigger_id, container, view, actions } = parsed.data;
  if (team.id !== front.teamId || api_app_id !== front.appId || container.view_id !== view.id) return null;
  const [action] = actions;
  return {
    channel: user.id,
    userId: user.id,
    triggerId: trigger_id,
    ts: "",
    isEphemeral: false,
    isOurs: false,
    value: parseButtonValue(action?.value ?? ""),
    chosen: action?.selected_option?.value ?? null,
    text: action?.value ?? "",
    respond,
  };
}

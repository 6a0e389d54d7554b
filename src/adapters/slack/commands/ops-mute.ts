import { longestMuteMs, shortestMuteMs } from "../../../domain/mute/decide-mute.ts";
import { Duration, durationMs } from "../../../domain/policy/governance-contract.ts";
import type { MuteState } from "../../../domain/mute/mute.ts";
import { answerLines } from "../answer-person.ts";
import { code, mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { when } from "../words.ts";
import { pageOf, type Page } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const usage =
  "`/ops mute &lt;service&gt; &lt;duration&gt; &lt;reason&gt;`, such as `/ops mute checkout 2h database upgrade`";

export const opsMute: OpsWord = {
  word: "mute",
  summary: "services that are muted; with a service, a duration (5m to 24h) and a reason: mutes it",
  async read(front, { args, userId }) {
    if (args === "") return listPage(await front.desk.mutes());
    const [service = "", duration = "", ...words] = args.split(/\s+/);
    if (duration === "" || words.length === 0) {
      const missing = duration === "" ? "for how long, and why" : "why";
      return pageOf([`Say ${missing}: ${usage}.`]);
    }
    const forMs = Duration.safeParse(duration.toLowerCase()).success
      ? durationMs(duration.toLowerCase())
      : null;
    if (forMs === null || forMs < shortestMuteMs || forMs > longestMuteMs) {
      const what = forMs === null ? "is no duration" : "is out of bounds";
      return pageOf([`"${mrkdwn(duration, 40)}" ${what}: a mute lasts from 5m to 24h, such as 30m or 2h.`]);
    }
    const reason = words.join(" ").slice(0, 500);
    return answerPage(front, await front.actions.mute({ service, forMs, reason, userId }));
  },
};

export const opsUnmute: OpsWord = {
  word: "unmute",
  summary: "with a service: ends its mute before its time; a reason may follow",
  async read(front, { args, userId }) {
    const [service = "", ...words] = args.split(/\s+/);
    if (service === "") {
      return pageOf(["Say which: `/ops unmute &lt;service&gt;`. `/ops mute` lists what is muted."]);
    }
    const reason = words.join(" ").slice(0, 500);
    return answerPage(front, await front.actions.unmute({ service, reason, userId }));
  },
};

async function answerPage(front: Front, answer: Parameters<typeof answerLines>[1]): Promise<Page> {
  return pageOf(await answerLines(front, answer));
}

function listPage(mutes: readonly MuteState[]): Page {
  if (mutes.length === 0) return pageOf(["No service is muted.", `To mute one: ${usage}.`]);
  return pageOf(["*Muted services*", ...mutes.map(muteLine)]);
}

export function muteLine({ service, muted }: MuteState): string {
  if (muted === null) return `• ${code(service, 80)}`;
  return `• ${code(service, 80)} until ${when(muted.until)} by ${mrkdwn(muted.name, 80)}: ${mrkdwn(muted.reason, 300)}`;
}

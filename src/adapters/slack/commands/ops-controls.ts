import type { KnownBlock } from "@slack/types";
import type { AuthorityState } from "../../../domain/authority/authority.ts";
import { actions, button, section } from "../blocks.ts";
import { scopeValue } from "../button-value.ts";
import { mrkdwn } from "../escape-text.ts";
import { whereWords, wishWords } from "../notice-lines.ts";
import { when } from "../words.ts";
import type { OpsWord } from "./ops-word.ts";

/** Slack takes fifty blocks; each scope is two. */
const mostScopes = 20;

export const opsControls: OpsWord = {
  word: "controls",
  summary:
    "what is taken away from Signalman now, by whom and until when, with buttons to take more or give back",
  shows: true,
  async read({ desk }) {
    const lowered = await desk.lowered();
    const shown = lowered.slice(0, mostScopes);
    const more = lowered.length - shown.length;
    return {
      text: lowered.length === 0 ? "Nothing is taken away from Signalman" : "Taken away from Signalman",
      blocks: [
        section([
          lowered.length === 0
            ? "Nothing is taken away by people or by Signalman's own record: what its flags say applies (`/ops status`)."
            : "*Taken away from Signalman, whatever its flags say*",
        ]),
        ...shown.flatMap(scopeBlocks),
        ...(more > 0 ? [section([`… and ${more} more services: \`/ops status\` lists what applies.`])] : []),
        actions([
          button("control_pause", "Pause", "pause", { style: "danger" }),
          button("control_strict", "Strict", "strict"),
          button("control_deny", "Deny a tool", "deny"),
          button("control_mode", "Lower the mode", "mode"),
        ]),
      ],
    };
  },
};

function scopeBlocks(state: AuthorityState): KnownBlock[] {
  return [
    section(loweredLines(state), 2900),
    actions([button("control_resume", "Resume", scopeValue(state.scope))]),
  ];
}

/** What is taken away from one scope, escaped. */
export function loweredLines({ scope, overrides, lowered, resumeAsked }: AuthorityState): string[] {
  const where = whereWords(scope);
  const asked = resumeAsked.map(({ name }) => mrkdwn(name, 80)).join(", ");
  return [
    ...overrides.map(
      ({ wish, until, name, reason }) =>
        `• Signalman ${where}: ${wishWords(wish)}, until ${when(until)}, by ${mrkdwn(name, 80)}: ${mrkdwn(reason, 300)}`,
    ),
    ...(lowered === null
      ? []
      : [
          `• Signalman ${where}: *mode ${lowered.mode}* at most, until people give it back: ${mrkdwn(lowered.reason, 300)}`,
        ]),
    ...(asked === "" ? [] : [`  ${asked} asked to give it back; somebody else must agree.`]),
  ];
}

import type { KnownBlock } from "@slack/types";
import { type StandingState, usesLeft } from "../../../domain/standing/standing.ts";
import { actions, button, section } from "../blocks.ts";
import { standingValue } from "../button-value.ts";
import { mrkdwn } from "../escape-text.ts";
import { countWords, sentence, when } from "../words.ts";
import type { OpsWord } from "./ops-word.ts";

const most = 15;

export const opsStanding: OpsWord = {
  word: "standing",
  summary:
    "standing approvals: what is carried out without a click, with buttons to agree, revoke and ask for one",
  shows: true,
  async read({ desk }) {
    const standings = await desk.standings();
    const more = standings.length - most;
    return {
      text: countWords(standings.length, "standing approval"),
      blocks: [
        ...(standings.length === 0
          ? [section(["There is no standing approval: every change takes a click."])]
          : standings.slice(0, most).flatMap(standingBlocks)),
        ...(more > 0 ? [section([`… and ${more} more.`])] : []),
        actions([button("standing_grant", "Ask for one", "grant")]),
      ],
    };
  },
};

function standingBlocks(standing: StandingState): KnownBlock[] {
  const value = standingValue(standing.id);
  return [
    section(standingLines(standing), 2900),
    actions([
      ...(standing.status === "requested"
        ? [button("standing_agree", "Agree", value, { style: "primary" })]
        : []),
      button("standing_revoke", "Revoke", value, { style: "danger" }),
    ]),
  ];
}

/** Who, what, where, under which condition, how often still, until when and why; escaped. */
function standingLines(standing: StandingState): string[] {
  const { id, status, summary, reason, requestedBy, endorsedBy, bounds } = standing;
  const agreed = endorsedBy.map(({ name }) => mrkdwn(name, 80)).join(", ");
  const counts = status === "granted" ? "counts" : "does not count yet: somebody else must agree";
  return [
    `*${id}* ${counts}. ${sentence(mrkdwn(summary, 400))}`,
    `${countWords(usesLeft(standing), "use")} of ${bounds.maxUses} left, until ${when(bounds.until)}.`,
    `Asked for by ${mrkdwn(requestedBy.name, 80)}${agreed === "" ? "" : `, agreed by ${agreed}`}: ${mrkdwn(reason, 300)}`,
  ];
}

import { everywhere } from "../../domain/authority/authority.ts";
import type { OverrideWish } from "../../domain/authority/events.ts";
import { redact } from "../../domain/redact.ts";
import { usesLeft } from "../../domain/standing/standing.ts";
import type { Notice } from "../../pipeline/ports/noticeboard.ts";
import { placeOf } from "./card/proposed-change.ts";
import { code, codeBlock, mrkdwn } from "./escape-text.ts";
import { countWords, sentence, when } from "./words.ts";

/** What is posted of a notice, escaped. */
export function noticeLines(notice: Notice): string[] {
  switch (notice.kind) {
    case "mute":
      return muteLines(notice);
    case "checkpoint": {
      const { size, note, at } = notice;
      return [
        `Ledger checkpoint, ${when(at)}: ${countWords(size, "entry", "entries")}. Saved to a file, it proves with \`signalman audit verify --checkpoint\` that nothing before it was changed or removed.`,
        codeBlock(note),
      ];
    }
    case "emergency": {
      const { change, glass } = notice;
      return [
        `*Emergency:* ${person(glass.name)} approved ${change.id} of ${change.incidentId} alone, until ${when(glass.until)}: ${mrkdwn(redact(glass.rationale), 500)}`,
        `${sentence(mrkdwn(change.proposal.summary, 240))} This is ${placeOf(change)}.`,
      ];
    }
    case "quarantine":
      return quarantineLines(notice);
    case "authority":
      return authorityLines(notice);
    case "override_ended": {
      const { override, scope } = notice;
      return [
        `The time is over of what ${person(override.name)} had set ${whereWords(scope)}: ${wishWords(override.wish)}. It no longer applies.`,
      ];
    }
    case "standing":
      return standingLines(notice);
    case "standing_ended": {
      const { standing } = notice;
      return [
        `The time of the standing approval ${standing.id} is over (${mrkdwn(standing.summary, 300)}). It was used ${countWords(standing.uses.length, "time")}; from now on the change takes a click.`,
      ];
    }
  }
}

/** "everywhere", or of which service. */
export function whereWords(scope: string): string {
  return scope === everywhere ? "everywhere" : `for ${code(scope, 80)}`;
}

export function wishWords(wish: OverrideWish): string {
  switch (wish.kind) {
    case "mode":
      return wish.mode === "off" ? "*paused* (mode off)" : `*mode ${wish.mode}* at most`;
    case "deny_tool":
      return `the tool ${code(wish.tool, 80)} *denied*`;
    case "strict":
      return "*strict*: every change takes a click of its own";
  }
}

function person(name: string): string {
  return mrkdwn(name, 80);
}

function because(reason: string): string {
  return reason === "" ? "." : `: ${mrkdwn(redact(reason), 500)}`;
}

function muteLines({ service, event }: Extract<Notice, { kind: "mute" }>): string[] {
  const who = person(event.name);
  const why = because(event.reason);
  if (event.type === "service_unmuted") return [`${who} ended the mute of ${code(service)}${why}`];
  return [
    `${who} muted ${code(service)} until ${when(event.until)}${why}`,
    "New incidents of it are recorded, and shown and investigated after that. `/ops unmute` ends it before.",
  ];
}

function quarantineLines({ sourceId, count, newest }: Extract<Notice, { kind: "quarantine" }>): string[] {
  return [
    `${countWords(count, "delivery", "deliveries")} of the source ${code(sourceId)} could not be understood, or not wholly, and ${count === 1 ? "is" : "are"} in quarantine: no incident came of what could not be read.`,
    `Newest, ${when(newest.receivedAt)}: ${mrkdwn(redact(newest.reason), 500)}`,
    "`/ops quarantine` lists them; `signalman quarantine show` and `requeue` look at one and take it in anew.",
  ];
}

function authorityLines({ scope, event }: Extract<Notice, { kind: "authority" }>): string[] {
  const where = whereWords(scope);
  const resume = `\`/ops resume ${scope === everywhere ? "all" : scope} &lt;reason&gt;\``;
  switch (event.type) {
    case "override_set":
      return [
        `*Signalman ${where}:* ${wishWords(event.wish)}, until ${when(event.until)}. ${person(event.name)} set it${because(event.reason)}`,
        `${resume} gives it back before its time; \`/ops controls\` lists what applies.`,
      ];
    case "resume_requested":
      return [
        `${person(event.name)} wants to give Signalman its authority back ${where}${because(event.reason)}`,
        `${sentence(mrkdwn(event.decision.reasons.join(" "), 400))} Somebody else agrees with ${resume} before ${when(event.until)}.`,
      ];
    case "authority_resumed":
      return [`*Signalman ${where}:* resumed. ${person(event.name)} gave it back${because(event.reason)}`];
    case "authority_lowered":
      return [
        `*Signalman ${where}:* mode ${event.mode} at most. ${mrkdwn(event.reason, 600)}`,
        `It stays so until people give it back: ${resume}.`,
      ];
  }
}

function standingLines({ standing, event }: Extract<Notice, { kind: "standing" }>): string[] {
  const { id, summary, bounds } = standing;
  const what = sentence(mrkdwn(summary, 400));
  switch (event.type) {
    case "standing_requested":
      return [
        `${person(event.name)} asks for the standing approval ${id}: ${what} Reason: ${mrkdwn(redact(event.reason), 500)}`,
        `It does not count yet. ${mrkdwn(event.decision.reasons.join(" "), 400)} Whoever may agrees or revokes it in \`/ops standing\`.`,
      ];
    case "standing_endorsed":
      return [`${person(event.name)} agrees to the standing approval ${id}.`];
    case "standing_granted":
      return [
        `*The standing approval ${id} counts from now on*, until ${when(bounds.until)}, at most ${countWords(bounds.maxUses, "time")}: ${what}`,
        "What it covers is carried out without a click, announced here each time. `/ops standing` revokes it.",
      ];
    case "standing_used":
      return [
        `*Carried out without a click:* ${event.changeId} is covered by the standing approval ${id}. ${what}`,
        `${countWords(usesLeft(standing), "use")} left. *Roll back* on its card undoes it; \`/ops standing\` revokes the approval.`,
      ];
    case "standing_revoked":
      return [`${person(event.name)} revoked the standing approval ${id}${because(event.reason)}`];
  }
}

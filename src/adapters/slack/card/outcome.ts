import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { bullets, section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { when } from "../words.ts";
import { approvedBy, byHandLine } from "./approval.ts";

/** Where the change stands once it no longer waits for votes. */
export function outcome(change: ChangeState, flagUrl: string | null): KnownBlock[] {
  const lines = outcomeLines(change, flagUrl);
  const notice = brokenChain(change);
  return [
    ...(lines.length === 0 ? [] : [section(lines, 1500)]),
    ...(notice.length === 0 ? [] : [section(notice, 1300)]),
  ];
}

/** One phrase for the fallback text, lists and earlier changes. */
export function statusWords(change: ChangeState): string {
  const by = change.ended?.by ? ` by ${change.ended.by}` : "";
  switch (change.status) {
    case "awaiting_approval":
      return "awaiting approval";
    case "needs_human":
      return "needs a person";
    case "closed":
      return change.closure === null ? "closed" : `closed (${resolutionWords[change.closure.resolution]})`;
    case "shown":
      return "shown, no approval possible";
    case "denied":
    case "approved":
    case "executing":
    case "applied":
    case "expired":
    case "superseded":
    case "failed":
    case "rejected":
      return `${change.status}${by}`;
  }
}

export const resolutionWords = {
  keep: "kept",
  expand: "expanded",
  roll_back: "rolled back",
  clean_up: "to be cleaned up",
} as const;

function outcomeLines(change: ChangeState, flagUrl: string | null): string[] {
  const reason = change.ended === null ? "" : ` ${mrkdwn(change.ended.reason, 600)}`;
  const at = change.ended === null ? "" : ` ${when(change.ended.at)}`;
  const current =
    change.ended === null || change.ended.current.length === 0
      ? []
      : [
          "*The flag now:*",
          ...bullets(
            change.ended.current.map((line) => mrkdwn(line)),
            6,
          ),
        ];
  switch (change.status) {
    case "shown":
    case "awaiting_approval":
      return [];
    case "denied":
      return [`*Denied by policy*${at}. Nothing was changed.${reason}`];
    case "rejected":
      return [
        `*Rejected* by ${mrkdwn(change.ended?.by ?? "", 80)}${at}. Nothing was changed. Reason:${reason}`,
      ];
    case "expired":
      return [
        `*Expired*${at}. Nothing was changed.${reason}`,
        ...(change.ended?.fallback === "draft_write" ? [byHandLine(flagUrl)] : []),
      ];
    case "superseded":
      return [
        `*Superseded*${at}. Nothing was changed.${reason}`,
        ...current,
        ...(change.proposal.lineage === null
          ? ["*Redraft* looks again at what happened and drafts from the flag as it is now."]
          : []),
      ];
    case "failed":
      return [`*Failed*${at}. Nothing was changed.${reason}`];
    case "approved":
      return [approvedLine(change)];
    case "executing":
      return [executingLine(change)];
    case "needs_human":
      return [`*Needs a person*${at}: it is not certain what happened.${reason}`, ...current];
    case "applied":
    case "closed":
      return change.applied === null ? endedLines(change, reason) : [appliedLine(change, change.applied)];
  }
}

function approvedLine(change: ChangeState): string {
  const { glass, expiresAt } = change;
  const { how, who } = approvedBy(change);
  const until = glass === null || expiresAt === null ? "" : `, at the latest ${when(expiresAt)}`;
  return `*${how.charAt(0).toUpperCase()}${how.slice(1)}* ${who}. Waiting to be carried out${until}.`;
}

function executingLine(change: ChangeState): string {
  const uncertain = change.execution?.uncertain ?? null;
  if (uncertain !== null) {
    return `*Outcome not certain yet:* ${mrkdwn(uncertain, 300)} Signalman is reading the flag back before anything else.`;
  }
  const { how, who } = approvedBy(change);
  return `*Executing*, ${how} ${who}.`;
}

function appliedLine(change: ChangeState, applied: NonNullable<ChangeState["applied"]>): string {
  const readBack = applied.reconciled ? " The answer was lost; reading back confirmed it." : "";
  const unread =
    applied.chain.kind === "unread"
      ? ` FeatBit's audit log could not be read, so it is not known whether somebody else's change was overwritten (${mrkdwn(applied.chain.reason, 160)}).`
      : "";
  const { how, who } = approvedBy(change);
  return `*Applied* ${when(applied.at)}, ${how} ${who}.${readBack}${unread}`;
}

function endedLines(change: ChangeState, reason: string): string[] {
  return change.ended === null ? [] : [`*Not applied.*${reason}`];
}

/** Two writers raced and our write won: said loudly, with what was lost. */
function brokenChain(change: ChangeState): string[] {
  const chain = change.applied?.chain;
  if (chain?.kind !== "broken") return [];
  return [
    `*Attention: this change overwrote somebody else's.* ${mrkdwn(chain.by, 80)} changed the flag ${when(chain.changedAt)}, at the same moment, and that change was lost (audit entry ${mrkdwn(chain.auditEntryId, 60)}):`,
    ...bullets(
      chain.lost.map((line) => mrkdwn(line)),
      6,
    ),
    chain.restore === null
      ? "One write cannot bring it back: talk to them and correct the flag in FeatBit."
      : "*Restore* drafts the change that brings it back; it needs an approval like any other.",
  ];
}

import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { Decision } from "../../../domain/policy/decision.ts";
import { section } from "../blocks.ts";
import { link, mrkdwn } from "../escape-text.ts";
import { countWords, when } from "../words.ts";

/** What approval it needs, from whom, until when and what happens then; or why there is none to give. */
export function approval(change: ChangeState, flagUrl: string | null): KnownBlock[] {
  const { decision, status } = change;
  if (decision === null) return [];
  if (status === "shown") return [section(withoutApproval(decision, flagUrl), 900)];
  if (status !== "awaiting_approval") return [];
  return [section(needed(change, decision), 900)];
}

export function approvers(change: ChangeState): string {
  const names = change.votes.filter((cast) => cast.vote === "approve").map((cast) => mrkdwn(cast.name, 60));
  return names.join(", ");
}

export function reasonsOf(decision: Decision): string {
  return decision.reasons.map((reason) => mrkdwn(reason, 300)).join(" ");
}

function needed(change: ChangeState, decision: Decision): string[] {
  if (decision.kind !== "queue_for_review" && decision.kind !== "allow") return [];
  const { count, roles, separationOfDuties } = decision.requirement;
  const given = approvers(change);
  const who = roles.map((role) => `*${mrkdwn(role, 60)}*`).join(" or ");
  const lines = [
    `*Approval:* needs ${countWords(count, "approval")} by ${who}${given === "" ? "." : `; approved so far by ${given}.`}`,
  ];
  if (separationOfDuties) lines.push("Whoever asked for the change does not approve it.");
  if (change.expiresAt !== null) {
    lines.push(
      `It expires ${when(change.expiresAt)}. Then nothing is changed and it has to be drafted again.`,
    );
  }
  return lines;
}

function withoutApproval(decision: Decision, flagUrl: string | null): string[] {
  const lead = decision.kind === "fallback" ? "*Fallback:*" : `*Mode ${decision.mode}:*`;
  const lines = [`${lead} no approval is possible here. ${reasonsOf(decision)}`];
  if (decision.mode === "draft_write") {
    const where = flagUrl === null ? "in FeatBit" : link(flagUrl, "in FeatBit");
    lines.push(`Whoever may change the flag can do it by hand ${where}.`);
  }
  return lines;
}

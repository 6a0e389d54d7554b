import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import { decidingRoles } from "../../../domain/change/deciding-roles.ts";
import { later } from "../../../domain/ids.ts";
import type { Lowering } from "../../../domain/policy/controls.ts";
import type { ApprovalRequirement, Decision } from "../../../domain/policy/decision.ts";
import { powersOf } from "../../../domain/policy/mode.ts";
import { section } from "../blocks.ts";
import { link, mrkdwn } from "../escape-text.ts";
import { countWords, when } from "../words.ts";

/** What approval it needs, from whom, until when and what happens then; or why there is none to give. */
export function approval(
  change: ChangeState,
  flagUrl: string | null,
  lowered: readonly Lowering[],
): KnownBlock[] {
  const { decision, status } = change;
  if (decision === null) return [];
  if (status === "shown") return [section(withoutApproval(decision, flagUrl), 900)];
  if (status !== "awaiting_approval") return [];
  const stopped = stoppedBy(change, lowered);
  if (stopped !== null) {
    return [
      section(
        [
          `*No approval is possible now.* ${mrkdwn(stopped.reason, 500)}`,
          "`/ops controls` lists what is taken away and gives it back.",
        ],
        900,
      ),
    ];
  }
  return [section(needed(change, decision), 1600)];
}

/** What keeps a change from being approved here and now, whatever its draft was decided under. */
export function stoppedBy(change: ChangeState, lowered: readonly Lowering[]): Lowering | null {
  const { tool } = change.proposal.plan.operation;
  const stops = (each: Lowering): boolean =>
    (each.kind === "mode" && !powersOf[each.mode].takesApproval) ||
    (each.kind === "deny_tool" && each.tool === tool);
  return lowered.find(stops) ?? null;
}

/** How it came to go ahead, and by whose word. */
export function approvedBy(change: ChangeState): { how: string; who: string } {
  const { glass, standing } = change;
  if (glass !== null) return { how: "approved in an emergency", who: `by ${mrkdwn(glass.name, 60)}` };
  if (standing !== null) {
    const { standingId, by } = standing;
    return { how: "covered", who: `by the standing approval ${standingId} of ${mrkdwn(by, 160)}` };
  }
  return { how: "approved", who: `by ${approvers(change)}` };
}

function approvers(change: ChangeState): string {
  const names = change.votes.filter((cast) => cast.vote === "approve").map((cast) => mrkdwn(cast.name, 60));
  return names.join(", ");
}

export function reasonsOf(decision: Decision): string {
  return decision.reasons.map((reason) => mrkdwn(reason, 300)).join(" ");
}

function needed(change: ChangeState, decision: Decision): string[] {
  if (decision.kind !== "queue_for_review" && decision.kind !== "allow") return [];
  const { count, requiredRoles, separationOfDuties, recentEditors } = decision.requirement;
  const given = approvers(change);
  const who = strong(decidingRoles(change) ?? []);
  const lines = [
    `*Approval:* needs ${countWords(count, "approval")} by ${who}${given === "" ? "." : `; approved so far by ${given}.`}`,
    ...(requiredRoles.length === 0 ? [] : [`${strong(requiredRoles, "and")} must be among them.`]),
    // The first reason says how many and by whom, as it was before anybody was asked as well.
    ...decision.reasons.slice(decision.rule === "approval_needed" ? 1 : 0).map((each) => mrkdwn(each, 300)),
    ...statement(change, decision),
  ];
  if (change.escalatedTo.length > 0) {
    lines.push(`Nobody has decided for a while: ${strong(change.escalatedTo)} may decide as well by now.`);
  }
  if (separationOfDuties) lines.push("Whoever asked for the change does not approve it.");
  if (recentEditors.length > 0) lines.push("Whoever changed the flag lately cannot be the only approver.");
  return [...lines, ...timeLines(change, decision.requirement)];
}

function strong(roles: readonly string[], word = "or"): string {
  return roles.map((role) => `*${mrkdwn(role, 60)}*`).join(` ${word} `);
}

function statement(
  change: ChangeState,
  { requirement }: Extract<Decision, { kind: "allow" | "queue_for_review" }>,
): string[] {
  const { attestation } = change;
  if (attestation !== null) {
    return [
      `*Stated* by ${mrkdwn(attestation.name, 80)} ${when(attestation.at)}: ${mrkdwn(attestation.statement, 300)}`,
    ];
  }
  return requirement.attestation === null
    ? []
    : [`*To be stated before anybody approves:* ${mrkdwn(requirement.attestation, 300)}`];
}

function timeLines(change: ChangeState, requirement: ApprovalRequirement): string[] {
  const { expiresAt, chased } = change;
  if (expiresAt === null) return [];
  const { chase, expiresAfterMs, timeoutFallback } = requirement;
  const index = chase.findIndex(({ kind }) => kind === "sla_missed");
  const step = chase[index];
  const expected = step === undefined ? null : later(expiresAt, step.afterMs - expiresAfterMs);
  const then =
    timeoutFallback === "draft_write"
      ? "Then nothing is changed; whoever may change the flag can still do it by hand."
      : "Then nothing is changed and it has to be drafted again.";
  return [
    ...(expected === null
      ? []
      : [
          index < chased
            ? `A decision was expected ${when(expected)} and is overdue.`
            : `A decision is expected by ${when(expected)}.`,
        ]),
    `It expires ${when(expiresAt)}. ${then}`,
  ];
}

export function byHandLine(flagUrl: string | null): string {
  const where = flagUrl === null ? "in FeatBit" : link(flagUrl, "in FeatBit");
  return `Whoever may change the flag can do it by hand ${where}.`;
}

function withoutApproval(decision: Decision, flagUrl: string | null): string[] {
  const lead = decision.kind === "fallback" ? "*Fallback:*" : `*Mode ${decision.mode}:*`;
  const lines = [`${lead} no approval is possible here. ${reasonsOf(decision)}`];
  if (decision.mode === "draft_write") {
    lines.push(byHandLine(flagUrl));
  }
  return lines;
}

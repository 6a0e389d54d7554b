import { ChangeEvent } from "../../../domain/change/events.ts";
import { IncidentEvent } from "../../../domain/incident/events.ts";
import type { LedgerEntry } from "../../../domain/ledger/chain.ts";
import { splitStream } from "../../../domain/ledger/stream.ts";
import type { Decision } from "../../../domain/policy/decision.ts";
import type { GuardrailFinding } from "../../../domain/policy/guardrail.ts";
import type { Mode } from "../../../domain/policy/mode.ts";
import { reasonsOf } from "../card/approval.ts";
import { resolutionWords } from "../card/outcome.ts";
import { verdictLine } from "../card/verification.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { durationWords, when, sentence } from "../words.ts";

/**
 * The thread's lines for one ledger event, escaped; null for what the card, the evidence message or another
 * line says already, and for refused votes, which are between Signalman and the person.
 */
export function eventLines(entry: LedgerEntry): string[] | null {
  const { kind, id } = splitStream(entry.stream);
  const whole = { ...entry.data, type: entry.type, at: entry.at };
  if (kind === "incident") {
    const event = IncidentEvent.safeParse(whole);
    return event.success ? incidentLines(event.data) : null;
  }
  const event = ChangeEvent.safeParse(whole);
  return event.success ? changeLines(id, event.data) : null;
}

function incidentLines(event: IncidentEvent): string[] | null {
  switch (event.type) {
    case "incident_opened":
    case "alert_joined":
    case "alert_counted":
    case "alert_resolved":
    case "evidence_gathered":
    case "tool_called":
    case "assessed":
    case "feedback_given":
    case "action_refused":
      return null;
    case "no_change_recommended":
      return [`No flag change recommended. ${mrkdwn(event.reason, 500)}`];
    case "drafting_withheld":
      return policyLines("Policy", event.decision);
    case "investigation_renewed":
      return [`Looking again at what changed. ${mrkdwn(event.reason, 400)}`];
    case "redraft_requested":
      return [
        `${mrkdwn(event.name, 80)} asked for ${event.changeId} to be drafted anew. Looking again at what changed.`,
      ];
    case "linked_to_change":
      return [`Linked to ${event.changeId}, which is open for the same flag already.`];
    case "acknowledged":
      return [`${mrkdwn(event.name, 80)} is on it.`];
    case "muted":
      return [`Muted until ${when(event.until)}: ${mrkdwn(event.reason, 300)}`];
    case "mute_lifted":
      return [`The mute was ended: ${mrkdwn(event.reason, 300)}`];
    case "flapping_started":
      return [
        `It has come back ${event.times} times in a short while. It is held open as flapping until it has been quiet for a while.`,
      ];
    case "incident_resolved":
      return ["All alerts of this incident are resolved."];
    case "incident_closed":
      return event.name === undefined || event.name === ""
        ? [`The incident was closed: ${sentence(mrkdwn(event.reason || "a new one took its place", 300))}`]
        : [`${mrkdwn(event.name, 80)} closed the incident: ${mrkdwn(event.reason ?? "", 500)}`];
  }
}

function changeLines(id: string, event: ChangeEvent): string[] | null {
  switch (event.type) {
    case "change_proposed": {
      const { lineage, summary } = event.proposal;
      return lineage === null ? null : [`${id} was drafted: ${sentence(mrkdwn(summary, 240))}`];
    }
    case "change_revised":
      return [
        `${mrkdwn(event.by, 80)} edited ${id}: ${sentence(mrkdwn(event.proposal.summary, 240))} Earlier votes no longer count.`,
        ...event.changed.map((line) => mrkdwn(line, 300)),
        ...(event.rationale === "" ? [] : [`Why: ${mrkdwn(event.rationale, 500)}`]),
      ];
    case "decided":
      return event.occasion === "draft" ? policyLines(`Policy on ${id}`, event.decision) : null;
    case "vote_cast": {
      const { vote, name, rationale } = event.vote;
      if (vote === "reject") return null;
      const why = rationale.trim() === "" ? "." : `: ${mrkdwn(rationale, 500)}`;
      return [`${mrkdwn(name, 80)} approved ${id}${why}`];
    }
    case "vote_refused":
    case "action_refused":
    case "execution_started":
      return null;
    case "change_approved":
      return [`${id} is approved and will be carried out.`];
    case "change_rejected":
      return [`${mrkdwn(event.by, 80)} rejected ${id}: ${mrkdwn(event.rationale, 500)}`];
    case "change_denied":
      return [`${id} was denied: ${mrkdwn(event.reason, 500)}`];
    case "change_expired":
      return [expiredLine(id, event.fallback)];
    case "approval_chased":
      return [chasedLine(id, event)];
    case "attested":
      return [
        `${mrkdwn(event.attestation.name, 80)} stated of ${id}: ${mrkdwn(event.attestation.statement, 300)}`,
      ];
    case "glass_broken":
      return [
        `*Emergency:* ${mrkdwn(event.glass.name, 80)} approved ${id} alone, until ${when(event.glass.until)}: ${mrkdwn(event.glass.rationale, 500)}`,
      ];
    case "standing_used":
      return [
        `${id} is covered by the standing approval ${event.use.standingId} of ${mrkdwn(event.use.by, 160)}. It is carried out without a click; *Roll back* undoes it.`,
      ];
    case "change_superseded":
      return [`${id} was superseded: ${mrkdwn(event.reason, 400)}`];
    case "votes_voided":
      return [`The votes on ${id} no longer count: ${mrkdwn(event.reason, 400)}`];
    case "execution_uncertain":
      return [
        `It is not certain whether ${id} took effect (${mrkdwn(event.reason, 300)}). Signalman reads the flag back.`,
      ];
    case "change_applied":
      return [
        `${id} was applied in ${event.latencyMs} ms${event.reconciled ? ", confirmed by reading back" : ""}.`,
        ...(event.chain.kind === "broken"
          ? [
              `*Attention:* it overwrote a change that ${mrkdwn(event.chain.by, 80)} made at the same moment. The card says what was lost.`,
            ]
          : []),
      ];
    case "execution_failed":
      return [`${id} failed and nothing was changed: ${mrkdwn(event.reason, 400)}`];
    case "human_needed":
      return [`${id} needs a person: ${mrkdwn(event.reason, 400)}`];
    case "change_verified":
      return [`${id}: ${verdictLine(event.verification)}`];
    case "change_closed": {
      const review = event.reviewAt === null ? "" : ` Review ${when(event.reviewAt)}.`;
      return [
        `${id} was closed by ${mrkdwn(event.by, 80)}: ${resolutionWords[event.resolution]}. Owner: ${mrkdwn(event.owner, 80)}.${review}`,
      ];
    }
    case "review_due":
      return [`The review date of ${id} has passed. The card is open again.`];
  }
}

/** What stays is said of a draft only: what was approved could not be carried out in time. */
function expiredLine(id: string, fallback: Mode | undefined): string {
  if (fallback === undefined) return `${id} expired before it was carried out. Nothing was changed.`;
  const byHand = fallback === "draft_write" ? " Whoever may change the flag can still do it by hand." : "";
  return `${id} expired: nobody decided in time. Nothing was changed.${byHand}`;
}

export function chasedLine(id: string, event: Extract<ChangeEvent, { type: "approval_chased" }>): string {
  const waited = durationWords(event.afterMs);
  switch (event.kind) {
    case "reminder":
      return `${id} has waited ${waited} for a decision.`;
    case "sla_missed":
      return `${id} was to be decided within ${waited}, and was not.`;
    case "escalation":
      return `${id} has waited ${waited}: from now on an approval by ${event.roles.map((role) => mrkdwn(role, 60)).join(" or ")} counts as well.`;
  }
}

/** The decision and why the gate fired. */
export function policyLines(subject: string, decision: Decision): string[] {
  const controls = decision.controls.map(
    (control) => `${code(control.key, 60)} = ${code(control.value, 60)} (${mrkdwn(control.reason, 80)})`,
  );
  return [
    `*${subject}: ${decisionWords[decision.kind]}*, mode ${decision.mode}, by rule ${code(decision.rule, 80)}.`,
    reasonsOf(decision),
    ...guardrailLines(decision),
    ...(controls.length === 0 ? [] : [`Controls: ${controls.join(", ")}.`]),
  ];
}

/** What stood in the way; at most as many as there is room for. */
function guardrailLines({ guardrails, reasons }: Decision): string[] {
  return guardrails
    .filter((finding) => finding.verdict !== "pass")
    .slice(0, 6)
    .map((finding) => {
      // What settled it is said already.
      const why = reasons.includes(finding.reason) ? "" : ` ${mrkdwn(finding.reason, 300)}`;
      const seen = finding.evidence.slice(0, 4).map((each) => mrkdwn(each, 160));
      const looked = seen.length === 0 ? "" : ` Seen: ${seen.join("; ")}.`;
      return `Guardrail ${code(finding.guardrail, 40)} ${verdictWords(finding)}.${why}${looked}`;
    });
}

function verdictWords(finding: Exclude<GuardrailFinding, { verdict: "pass" }>): string {
  switch (finding.verdict) {
    case "deny":
      return finding.yieldsToBreakGlass ? "denies it, except in an emergency" : "denies it";
    case "lower":
      return `allows at most ${finding.mode}`;
    case "unhealthy":
      return "asks for the safest mode";
    case "more_approvers":
      return `asks for ${finding.count} approvers`;
  }
}

const decisionWords = {
  allow: "allowed",
  queue_for_review: "needs approval",
  constrain: "constrained",
  fallback: "fallback",
  deny: "denied",
} as const satisfies Record<Decision["kind"], string>;

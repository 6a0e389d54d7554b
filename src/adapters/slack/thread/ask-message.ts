import type { ChangeState } from "../../../domain/change/change.ts";
import { decidingRoles } from "../../../domain/change/deciding-roles.ts";
import type { ChangeEvent } from "../../../domain/change/events.ts";
import { holdersOf, type Roles } from "../../../domain/policy/roles.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { when, sentence } from "../words.ts";
import type { RenderedMessage } from "../card/render-card.ts";
import { chasedLine } from "./event-line.ts";

const mostPinged = 20;

/**
 * The one message that pings whoever may approve this change here. The mentions are made from ids of the roles file and from
 * nothing else; null where the roles name nobody.
 */
export function askMessage(change: ChangeState, roles: Roles): RenderedMessage | null {
  if (change.decision?.kind !== "queue_for_review") return null;
  const mentions = mentionsOf(change, roles, decidingRoles(change) ?? []);
  if (mentions === "") return null;
  const until = change.expiresAt === null ? "" : ` Until ${when(change.expiresAt)}.`;
  const text = `${mentions} ${change.id} needs your decision: ${sentence(mrkdwn(change.proposal.summary))}${until}`;
  return { text, blocks: [section([text])] };
}

/**
 * While nobody decides: a reminder pings the same people as the question did, an escalation those who may decide from
 * then on. That the expected time was missed pings nobody, nor does anything once there is nothing to decide.
 */
export function chaseMessage(
  change: ChangeState,
  event: Extract<ChangeEvent, { type: "approval_chased" }>,
  roles: Roles,
): RenderedMessage {
  const asked = { reminder: decidingRoles(change) ?? [], sla_missed: [], escalation: event.roles }[
    event.kind
  ];
  const mentions = change.status === "awaiting_approval" ? mentionsOf(change, roles, asked) : "";
  const text = `${mentions} ${chasedLine(change.id, event)}`.trim();
  return { text, blocks: [section([text])] };
}

function mentionsOf({ proposal }: ChangeState, roles: Roles, among: readonly string[]): string {
  const { target, riskClass } = proposal.action;
  const { groups, users } = holdersOf("approve", { ...target, risk: riskClass }, roles, among);
  return [
    ...groups.map((id) => `<!subteam^${id}>`),
    // With a group to ask, single people are not disturbed one by one.
    ...(groups.length > 0 ? [] : users.map((id) => `<@${id}>`)),
  ]
    .slice(0, mostPinged)
    .join(" ");
}

import type { ChangeState } from "../../../domain/change/change.ts";
import { holdersOf, type Roles } from "../../../domain/policy/roles.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { when, sentence } from "../words.ts";
import type { RenderedMessage } from "../card/render-card.ts";

const mostPinged = 20;

/**
 * The one message that pings whoever may approve this change here. The mentions are made from ids of the roles file and from
 * nothing else; null where the roles name nobody.
 */
export function askMessage(change: ChangeState, roles: Roles): RenderedMessage | null {
  const { decision, proposal } = change;
  if (decision?.kind !== "queue_for_review") return null;
  const { target, riskClass } = proposal.action;
  const { groups, users } = holdersOf(
    "approve",
    { ...target, risk: riskClass },
    roles,
    decision.requirement.roles,
  );
  const mentions = [
    ...groups.map((id) => `<!subteam^${id}>`),
    // With a group to ask, single people are not disturbed one by one.
    ...(groups.length > 0 ? [] : users.map((id) => `<@${id}>`)),
  ].slice(0, mostPinged);
  if (mentions.length === 0) return null;
  const until = change.expiresAt === null ? "" : ` Until ${when(change.expiresAt)}.`;
  const text = `${mentions.join(" ")} ${change.id} needs your decision: ${sentence(mrkdwn(change.proposal.summary))}${until}`;
  return { text, blocks: [section([text])] };
}

import { isOpen, type ChangeState } from "../../../domain/change/change.ts";
import { powersOf, type Mode } from "../../../domain/policy/mode.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";

/** The change that the card is about: the one that waits for somebody, else the newest. */
export function focusOf(changes: readonly ChangeState[]): ChangeState | null {
  return (
    changes.findLast((change) => isOpen(change.status)) ??
    changes.findLast((change) => change.status === "applied") ??
    changes.findLast((change) => change.reviewDue) ??
    changes.at(-1) ??
    null
  );
}

/** True for a change of an earlier look at the trouble, where a later one has found none to recommend. */
function isOutlived({ incident }: IncidentView, change: ChangeState): boolean {
  const { noChange, investigatedAt } = incident;
  if (noChange === null || investigatedAt === null || change.proposedAt >= investigatedAt) return false;
  return !isOpen(change.status) && change.status !== "applied" && !change.reviewDue;
}

/** Modes in which nothing may be posted, or no candidate shown. Null while policy has not spoken yet. */
function modeOf(view: IncidentView): Mode | null {
  if (view.incident.withheld !== null) return view.incident.withheld.mode;
  const change = focusOf(view.changes);
  if (change === null || isOutlived(view, change)) return null;
  const { decision } = change;
  // What was denied is shown with the reason: blocked is not hidden.
  return decision === null || decision.kind === "deny" ? null : decision.mode;
}

export function mayPost(view: IncidentView): boolean {
  const mode = modeOf(view);
  return mode === null || powersOf[mode].postsCard;
}

/**
 * The change to show, or null where the mode lets no candidate be seen, or none is recommended any more. An applied
 * one is always shown.
 */
export function shownChange(view: IncidentView): ChangeState | null {
  const change = focusOf(view.changes);
  const mode = modeOf(view);
  if (change !== null && isOutlived(view, change)) return null;
  if (change === null || change.status !== "shown" || mode === null) return change;
  return powersOf[mode].showsCandidate ? change : null;
}

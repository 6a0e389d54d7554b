import type { Alert } from "../../../domain/alert.ts";
import type { OutsideChange } from "../../../domain/outside-change.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";

/**
 * What the parts of one delivery come to, each read by itself: one that cannot be mapped must not hide the others, and
 * is not passed over either. The reason of the first that could not be read stands for all of them.
 */
export function gather(parts: readonly ParsedDelivery[]): ParsedDelivery {
  const alerts: Alert[] = [];
  const changes: OutsideChange[] = [];
  const quiet: string[] = [];
  const reasons: string[] = [];
  for (const part of parts) {
    if (part.kind === "alerts") alerts.push(...part.alerts);
    else if (part.kind === "outside_changes") changes.push(...part.changes);
    else if (part.kind === "nothing") quiet.push(part.what);
    else if (part.kind === "unmappable") reasons.push(part.reason);
    if ("unread" in part && part.unread !== undefined) reasons.push(part.unread);
  }
  if (alerts.length > 0) {
    if (changes.length > 0) reasons.push("changes: they were sent together with alerts; send them apart");
    return { kind: "alerts", alerts, ...unreadOf(reasons) };
  }
  if (changes.length > 0) return { kind: "outside_changes", changes, ...unreadOf(reasons) };
  const [reason] = reasons;
  if (reason !== undefined) return { kind: "unmappable", reason };
  return { kind: "nothing", what: quiet[0] ?? "a delivery with nothing in it" };
}

function unreadOf(reasons: readonly string[]): { unread?: string } {
  const [first] = reasons;
  if (first === undefined) return {};
  return { unread: reasons.length === 1 ? first : `${first} (and ${reasons.length - 1} more)` };
}

import type { EvidenceGap } from "../../domain/evidence/evidence.ts";
import type { Instant } from "../../domain/ids.ts";
import type { Item } from "./evidence-source.ts";

/** How many items of a kind are kept; what is cut is said as a gap. */
const most: Record<Item["kind"], number> = {
  flag_change: 20,
  metric: 40,
  deploy: 10,
  change: 10,
  past_incident: 5,
  runbook: 3,
  flag_change_elsewhere: 8,
  flag_state: 15,
};

/** Characters of titles and lines: of one item, and of all together (about ten thousand tokens for a model). */
const mostItemText = 2_000;
const mostText = 40_000;

/** The most telling items, in order; the rest is counted. */
export function limitEvidence(
  items: readonly Item[],
  beganAt: Instant,
): { kept: Item[]; cut: EvidenceGap[] } {
  const ranked = items.toSorted((a, b) => {
    const [x, y] = [rank(a, beganAt), rank(b, beganAt)];
    return x.group - y.group || x.within - y.within;
  });
  const counts = new Map<Item["kind"], { seen: number; kept: number }>();
  let text = 0;
  const kept = ranked.map(shortened).filter((item) => {
    const count = counts.get(item.kind) ?? { seen: 0, kept: 0 };
    counts.set(item.kind, count);
    count.seen += 1;
    const size = sizeOf(item);
    if (count.kept >= most[item.kind] || text + size > mostText) return false;
    count.kept += 1;
    text += size;
    return true;
  });
  const cut = [...counts]
    .filter(([, count]) => count.kept < count.seen)
    .map(([kind, count]) => ({
      source: kind.replaceAll("_", " "),
      reason: `${count.seen - count.kept} of ${count.seen} items are left out, the least telling ones.`,
    }));
  return { kept, cut };
}

/** The most telling first: changes just before the trouble, what got worse, deploys, then the background. */
function rank(item: Item, beganAt: Instant): { group: number; within: number } {
  switch (item.kind) {
    case "flag_change": {
      const lead = Date.parse(beganAt) - Date.parse(item.at);
      return lead >= 0 ? { group: 0, within: lead } : { group: 3, within: -lead };
    }
    case "metric":
      return { group: item.trend === "degraded" ? 1 : 4, within: 0 };
    case "deploy":
    case "change":
      return { group: 2, within: Math.abs(Date.parse(beganAt) - Date.parse(item.at)) };
    case "runbook":
      return { group: 5, within: 0 };
    case "past_incident":
      return { group: 6, within: -Date.parse(item.at) };
    case "flag_state":
      return { group: 7, within: 0 };
    case "flag_change_elsewhere":
      return { group: 8, within: -Date.parse(item.at) };
  }
}

function shortened(item: Item): Item {
  let left = mostItemText - item.title.length;
  const lines = item.text.filter((line) => (left -= line.length) >= 0);
  const gone = item.text.length - lines.length;
  return gone === 0 ? item : { ...item, text: [...lines, `… and ${gone} more lines.`] };
}

function sizeOf({ title, text }: Item): number {
  return text.reduce((sum, line) => sum + line.length, title.length);
}

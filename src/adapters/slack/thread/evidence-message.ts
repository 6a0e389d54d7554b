import type { KnownBlock } from "@slack/types";
import type { Evidence, EvidenceItem } from "../../../domain/evidence/evidence.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { countWords, utc, when } from "../words.ts";
import type { RenderedMessage } from "../card/render-card.ts";

const maxItems = 30;
const maxChars = 11_000;

/** The numbered items that card and assessment cite, and what could not be learnt. */
export function evidenceMessage(evidence: Evidence): RenderedMessage {
  const { items, gaps, from, to } = evidence;
  const blocks: KnownBlock[] = [
    section([`*Evidence* gathered for ${when(from)} to ${when(to)}: ${countWords(items.length, "item")}.`]),
  ];
  let left = maxChars;
  let shown = 0;
  for (const item of items.slice(0, maxItems)) {
    const lines = itemLines(item);
    left -= lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (left < 0) break;
    blocks.push(section(lines, 1600));
    shown += 1;
  }
  if (shown < items.length)
    blocks.push(section([`… and ${items.length - shown} more items, kept in the record.`]));
  if (gaps.length > 0) {
    const lines = gaps.slice(0, 8).map((gap) => `• ${mrkdwn(gap.source, 60)}: ${mrkdwn(gap.reason, 160)}`);
    blocks.push(section(["*Not known*, because a source did not answer:", ...lines], 1200));
  }
  const missing = gaps.length === 0 ? "" : ` ${countWords(gaps.length, "gap")}.`;
  return {
    text: `Evidence: ${countWords(items.length, "item")}, ${utc(from)} to ${utc(to)}.${missing}`,
    blocks,
  };
}

export function itemLines(item: EvidenceItem): string[] {
  const head = `*${item.id}* ${mrkdwn(item.title)}`;
  const lines = item.text.slice(0, 8).map((line) => `  ${mrkdwn(line)}`);
  switch (item.kind) {
    case "flag_change":
    case "flag_change_elsewhere":
    case "deploy":
    case "change":
    case "past_incident":
      return [`${head} (${when(item.at)})`, ...lines];
    case "metric": {
      const onset = item.onsetAt === null ? [] : [`  It left its level ${when(item.onsetAt)}.`];
      const plot = sparkline(item.points.map(([, value]) => value));
      return [head, ...lines, ...onset, ...(plot === "" ? [] : [`  Over time: ${plot}`])];
    }
    case "flag_state":
    case "runbook":
      return [head, ...lines];
  }
}

const bars = "▁▂▃▄▅▆▇█";

/** The series as at most 40 bars from its lowest to its highest value; the figures stand in the lines beside it. */
function sparkline(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length < 3) return "";
  const width = Math.min(40, finite.length);
  const means = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * finite.length) / width);
    const part = finite.slice(from, Math.floor(((column + 1) * finite.length) / width));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const spread = high - low || 1;
  return means.map((mean) => bars[Math.round(((mean - low) / spread) * (bars.length - 1))] ?? "").join("");
}

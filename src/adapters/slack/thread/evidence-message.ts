import type { KnownBlock } from "@slack/types";
import type { Evidence, EvidenceItem } from "../../../domain/evidence/evidence.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { countWords, utc, when } from "../words.ts";
import type { RenderedMessage } from "../card/render-card.ts";

const maxItems = 30;
const maxChars = 11_000;
const maxItemChars = 1600;

/**
 * The numbered items that card and assessment cite, and what could not be learnt. Where there is no room for all of
 * them, those that are cited stay, so that every `E2` of the card is found here.
 */
export function evidenceMessage(evidence: Evidence, cited: ReadonlySet<string> = new Set()): RenderedMessage {
  const { items, gaps, from, to } = evidence;
  const blocks: KnownBlock[] = [
    section([`*Evidence* gathered for ${when(from)} to ${when(to)}: ${countWords(items.length, "item")}.`]),
  ];
  const shown = fitting(items, cited);
  for (const item of shown) blocks.push(section(itemLines(item), maxItemChars));
  if (shown.length < items.length)
    blocks.push(section([`… and ${items.length - shown.length} more items, kept in the record.`]));
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

/** Cited items before others, each in its place. */
function fitting(items: readonly EvidenceItem[], cited: ReadonlySet<string>): EvidenceItem[] {
  const byWeight = items.toSorted((a, b) => Number(cited.has(b.id)) - Number(cited.has(a.id)));
  const kept = new Set<EvidenceItem>();
  let left = maxChars;
  for (const item of byWeight.slice(0, maxItems)) {
    const length = itemLines(item).reduce((sum, line) => sum + line.length + 1, 0);
    left -= Math.min(length, maxItemChars);
    if (left < 0) break;
    kept.add(item);
  }
  return items.filter((item) => kept.has(item));
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

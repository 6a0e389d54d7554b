import type { KnownBlock } from "@slack/types";
import { isOverflow } from "../../../domain/catalogue.ts";
import type { IncidentState } from "../../../domain/incident/incident.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { section } from "../blocks.ts";
import { code } from "../escape-text.ts";
import { countWords, when } from "../words.ts";

/** What stands behind a card that stands for more than one trouble, or that is quieter than usual. */
export function storm({ incident, now }: IncidentView): KnownBlock[] {
  const lines = [
    ...collapsedLines(incident),
    ...silencedLines(incident),
    ...flappingLines(incident),
    ...mutedLines(incident, now),
  ];
  return lines.length === 0 ? [] : [section(lines, 1100)];
}

const listedKinds = 8;

function collapsedLines({ groupKey, kinds, alertCount }: IncidentState): string[] {
  if (!isOverflow(groupKey)) return [];
  const listed = kinds.toSorted((a, b) => b.count - a.count).slice(0, listedKinds);
  const words = listed.map(({ kind, count }) => `${code(kind, 60)} ${count}`);
  const others = alertCount - listed.reduce((sum, { count }) => sum + count, 0);
  if (others > 0) words.push(`others ${others}`);
  return [
    `*Collapsed:* ${countWords(alertCount, "alert")} beyond the limit of open incidents: ${words.join(", ")}.`,
  ];
}

function silencedLines({ inhibited }: IncidentState): string[] {
  if (inhibited.length === 0) return [];
  const fire = inhibited.length === 1 ? "fires and is" : "fire and are";
  return [
    `*Silenced:* ${countWords(inhibited.length, "alert")} ${fire} silenced by what fires here, without a card of their own.`,
  ];
}

function flappingLines({ flappingSince, status, reopenedAt }: IncidentState): string[] {
  if (flappingSince === null || status !== "open") return [];
  return [
    `*Flapping* since ${when(flappingSince)}: it came back ${countWords(reopenedAt.length, "time")} lately. It stays open until it has been quiet for a while.`,
  ];
}

function mutedLines({ mutedUntil, status }: IncidentState, now: string): string[] {
  if (mutedUntil === null || mutedUntil <= now || status !== "open") return [];
  return [`*Muted* until ${when(mutedUntil)}: news of it waits until then.`];
}

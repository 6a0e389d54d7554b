import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import { liveCard } from "../harness/round.ts";
import { changesOf } from "./changes-of.ts";
import { type Finding, type Records, unexplained } from "./records.ts";

/** One that was posted, and one more where Slack's answer to the post was lost. */
const mostCards = 2;

/** I6: what took effect is told by the last card of its incident, and nobody reads of it on a third. */
export function judgeCards({ cards, events }: Records): Finding[] {
  const applied = changesOf(events).filter((change) => change.applied !== null || change.needsPerson);
  const incidents = Map.groupBy(applied, ({ incidentId }) => incidentId);
  return [...incidents].flatMap(([incidentId, changes]): Finding[] => {
    const own = cards.filter((card) => incidentOf(card) === incidentId);
    const no = (what: string) => [unexplained("I6", `${incidentId}: ${what}`)];
    const last = liveCard(own);
    if (last === undefined) return no("its change took effect, and it has no card");
    if (own.length > mostCards) return no(`it has ${own.length} cards`);
    const text = visibleText(last);
    const newest = changes.at(-1);
    if (newest !== undefined && !text.includes(newest.id)) return no(`its card says nothing of ${newest.id}`);
    if (!/\*(Applied|Verdict|Kept|Closed)|person|by hand/i.test(text)) return no("its card tells no end");
    return [];
  });
}

function incidentOf({ metadata }: SlackMessage): string {
  const payload: unknown = metadata?.["event_payload"];
  if (typeof payload !== "object" || payload === null || !("incident" in payload)) return "";
  return metadata?.["event_type"] === "signalman_card" ? String(payload.incident) : "";
}

import { expect, test } from "vitest";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { later, toInstant } from "../../../src/domain/ids.ts";
import type { IncidentState } from "../../../src/domain/incident/incident.ts";
import { investigated } from "../../support/story.ts";
import { complaintsAbout, textsOf } from "./slack-text.ts";

const facts = {
  expandable: false,
  standable: false,
  linkedCardUrl: null,
  flagUrl: null,
  consoleUrl: null,
  misplaced: null,
};
const now = toInstant(Date.UTC(2026, 10, 21, 3));

function words(over: Partial<IncidentState>): string {
  const view = investigated().view();
  const message = renderCard({ ...view, now, incident: { ...view.incident, ...over } }, facts);
  expect(complaintsAbout(message)).toEqual([]);
  const { mrkdwn, plain } = textsOf(message.blocks);
  return [...plain, ...mrkdwn].join("\n");
}

const unusual = /Collapsed|Silenced|Flapping|Muted/;

test("a card of one trouble says nothing of storms", () => {
  expect(words({})).not.toMatch(unusual);
});

test("a card that collapses others says how many alerts of which kinds, most of one kind first", () => {
  const kinds = Array.from({ length: 20 }, (_, index) => ({ kind: `Kind<${index}>`, count: index + 1 }));
  const said = words({ groupKey: "overflow/service/checkout/production", kinds, alertCount: 1000 });
  expect(said).toContain("*Collapsed:* 1000 alerts beyond the limit of open incidents: `Kind&lt;19&gt;` 20,");
  expect(said).toContain("`Kind&lt;12&gt;` 13, others 868.");
});

test("a card counts what is silenced by it", () => {
  const one = { key: "c1", by: "p" };
  expect(words({ inhibited: [one] })).toContain("*Silenced:* 1 alert fires and is silenced");
  expect(words({ inhibited: [one, { ...one, key: "c2" }] })).toContain("*Silenced:* 2 alerts fire and are");
});

test("a card says that it is held open because it flaps, while it is", () => {
  const flapping = { flappingSince: now, reopenedAt: [now, now, now, now] };
  expect(words(flapping)).toContain("it came back 4 times lately");
  expect(words({ ...flapping, status: "resolved" })).not.toMatch(unusual);
});

test("a card says until when it is muted, and no longer than that", () => {
  expect(words({ mutedUntil: later(now, 60_000) })).toContain("*Muted* until");
  expect(words({ mutedUntil: now })).not.toMatch(unusual);
});

test("a card without a place says why it has none", () => {
  const because = "the source tenant-b may not lead to shop/prod, where checkout is";
  expect(words({ scope: null, noScopeBecause: because })).toContain(
    `*Where:* ${because}, so there is evidence`,
  );
  expect(words({ scope: null })).toContain("*Where:* no service of the catalogue matches, so there is");
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { joinLines, section } from "../../../src/adapters/slack/blocks.ts";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { detailsModal } from "../../../src/adapters/slack/modals/details-modal.ts";
import { eventLines } from "../../../src/adapters/slack/thread/event-line.ts";
import { evidenceMessage } from "../../../src/adapters/slack/thread/evidence-message.ts";
import type { Assessment } from "../../../src/domain/assessment.ts";
import { Service } from "../../../src/domain/service.ts";
import { decisions, propose } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { investigated, plainWording, type Wording } from "../../support/story.ts";
import { parseMrkdwn } from "./parse-mrkdwn.ts";
import { complaintsAbout, complaintsAboutView, invisibleIn, textsOf } from "./slack-text.ts";

const Attacks = z.array(z.object({ id: z.string(), text: z.string() }));
const kept = Attacks.parse(
  JSON.parse(readFileSync(new URL("../../fixtures/corpora/mrkdwn-attacks.json", import.meta.url), "utf8")),
);
const own = [
  "<!here>",
  "<!here|>",
  "@everyone",
  "＠here",
  "<<!here>>",
  "\\<!here>",
  "&#60;!here&#62;",
  "<@W1|the boss>",
  "<https://evil.example>",
  "https://evil.example/?q=SECRET",
  "www.evil.example/approve",
  "<javascript:alert(1)|Approve>",
  "<!date^0^{date}^https://evil.example|now>",
  "a\u2028<!channel>\u2029b",
  "a\u2800\u3164\u115f\uffa0b",
  "\u202eevorppA\u202c \u2066x\u2069 \u061c",
  "a\u00ad\u034f\u180e\u2060\ufeffb",
  "\u{e0041}\u{e0070}\u{e0070}\u{e007f}",
  "v\ufe0fs\ufe0e \u{e0100}",
  "\ud800 alone \udc00",
  "\u001b[2J\u0007\u0085",
  "*_~`*_~`".repeat(60),
  ":tada::".repeat(80),
  "W".repeat(3_500),
  "<".repeat(1_200),
].map((text, index) => ({ id: `own ${index + 1}`, text }));
const attacks = [...kept, ...own];

const service = Service.parse({
  name: "checkout",
  owner: "shop",
  environments: { production: { project: "shop", environment: "prod" } },
  flags: { tags: ["checkout"] },
  sources: [{ id: "alertmanager" }],
});

const route = {
  drafter: "model" as const,
  model: "m",
  prompt: null,
  fellBack: null,
  assigned: "a",
  actual: "b",
};
/** Where text of others stands in an alert and what is gathered about it, and where in what a model says. */
const ofAlert = ["title", "summary", "service", "author", "evidence", "gap", "environment", "owner"] as const;
const ofModel: Readonly<Record<string, (text: string) => Partial<Assessment>>> = {
  summary: (text) => ({ summary: text }),
  why: (text) => ({ suspects: [{ flagKey: "f", confidence: "low", why: text, citations: ["E1"] }] }),
  "flag key": (text) => ({ suspects: [{ flagKey: text, confidence: "low", why: "w", citations: ["E1"] }] }),
  abstention: (text) => ({ candidateId: null, abstention: text }),
  cap: (text) => ({ cappedBecause: [text, text] }),
  gap: (text) => ({ gaps: [text] }),
  "name of the model": (text) => ({ route: { ...route, model: text, steps: [] } }),
  "reason of a step": (text) => ({ route: { ...route, steps: [{ route: text, because: text }] } }),
};

function rendered(
  words: Wording,
  said: Partial<Assessment> | null,
  owner = "shop",
  environment = "production",
) {
  const story = investigated(words);
  if (said !== null) {
    const assessment = assessmentWith(said);
    story.incident({ command: "record_assessment", assessment, candidates: [], transcript: null });
  }
  if (said?.candidateId !== null) story.change(propose(decisions.queue()));
  const told = story.view();
  const scope =
    told.incident.scope === null ? null : { ...told.incident.scope, environmentName: environment };
  const view = { ...told, incident: { ...told.incident, scope }, service: { ...service, owner } };
  const facts = {
    expandable: false,
    standable: false,
    linkedCardUrl: null,
    flagUrl: null,
    consoleUrl: null,
    misplaced: null,
  };
  const lines = view.timeline.map(eventLines).filter((each) => each !== null);
  return {
    messages: [
      renderCard(view, facts),
      ...(view.evidence === null ? [] : [evidenceMessage(view.evidence)]),
      ...lines.map((each) => ({ text: joinLines(each, 3000), blocks: [section(each, 2500)] })),
    ],
    views: view.changes.map((change) => detailsModal(change, view, null)),
  };
}

it(`${attacks.length} attacks in ${ofAlert.length} fields of alerts and as many of models' answers ping nobody`, () => {
  const sums = { renders: 0, mentions: 0, broadcasts: 0, links: 0, invisible: 0, refused: 0 };
  const look = ({ messages, views }: ReturnType<typeof rendered>): void => {
    sums.renders += 1;
    sums.refused += messages.flatMap(complaintsAbout).length + views.flatMap(complaintsAboutView).length;
    const { mrkdwn, plain } = textsOf([messages.map(({ blocks }) => blocks), views]);
    sums.invisible += plain.flatMap(invisibleIn).length;
    for (const text of [...mrkdwn, ...messages.map((message) => message.text)]) {
      const found = parseMrkdwn(text);
      sums.mentions += found.mentions.length;
      sums.broadcasts += found.broadcasts.length;
      sums.links += found.links.length;
      sums.invisible += invisibleIn(text).length;
    }
  };
  for (const { text } of attacks) {
    for (const field of ofAlert) {
      if (field === "environment") look(rendered(plainWording, null, "shop", text));
      else if (field === "owner") look(rendered(plainWording, null, text));
      else look(rendered({ ...plainWording, [field]: text }, null));
    }
    for (const say of Object.values(ofModel)) look(rendered(plainWording, say(text)));
  }
  process.stdout.write(
    `${attacks.length} attacks (${kept.length} kept, ${own.length} own) × 8 fields × (alert, model): ${JSON.stringify(sums)}\n`,
  );
  const { renders, ...dangers } = sums;
  expect(renders).toBe(attacks.length * 16);
  expect(dangers).toEqual({ mentions: 0, broadcasts: 0, links: 0, invisible: 0, refused: 0 });
});

it("is looked at by a parser that would see them", () => {
  const text =
    "<!channel> <!subteam^S1|x> @here <@W1> <#C1|general> <https://evil.example|x> http://a.example <mailto:a@b>";
  expect(parseMrkdwn(text)).toEqual({
    mentions: ["<@W1>", "<#C1|general>"],
    broadcasts: ["<!channel>", "<!subteam^S1|x>", "@here"],
    links: ["<https://evil.example|x>", "<mailto:a@b>", "http://a.example"],
  });
  expect(parseMrkdwn("<!date^1^{date_short_pretty} {time}|1970-01-01 00:00 UTC> &lt;!here&gt;")).toEqual({
    mentions: [],
    broadcasts: [],
    links: [],
  });
});

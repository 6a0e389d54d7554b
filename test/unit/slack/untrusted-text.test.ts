import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { closureModal } from "../../../src/adapters/slack/modals/closure-modal.ts";
import { detailsModal } from "../../../src/adapters/slack/modals/details-modal.ts";
import { expandModal, rollBackModal } from "../../../src/adapters/slack/modals/linked-change-modals.ts";
import { voteModal } from "../../../src/adapters/slack/modals/vote-modal.ts";
import { joinLines, section } from "../../../src/adapters/slack/blocks.ts";
import { askMessage } from "../../../src/adapters/slack/thread/ask-message.ts";
import { eventLines } from "../../../src/adapters/slack/thread/event-line.ts";
import { evidenceMessage } from "../../../src/adapters/slack/thread/evidence-message.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { Roles } from "../../../src/domain/policy/roles.ts";
import { decisions, onFlag, propose, proposalFor, voteCommand } from "../../support/change-fixtures.ts";
import { investigated, type Story } from "../../support/story.ts";
import { complaintsAbout, complaintsAboutView, dangersIn, invisibleIn, textsOf } from "./slack-text.ts";

const Attacks = z.array(z.object({ id: z.string(), class_: z.string(), text: z.string() }));
const attacks = Attacks.parse(
  JSON.parse(readFileSync(new URL("../../fixtures/corpora/mrkdwn-attacks.json", import.meta.url), "utf8")),
);
const roles = Roles.parse({ roles: { "release-manager": { groups: ["S0REV"] } } });
const pinged = "!subteam^S0REV";

/** Every message and modal of a change whose every foreign text is `text`, from draft to closure. */
function renderAll(text: string): { messages: { text: string; blocks: unknown }[]; views: unknown[] } {
  const words = {
    title: text,
    summary: text,
    service: text,
    author: text,
    evidence: text,
    model: text,
    gap: text,
  };
  const flag = onFlag({
    name: text,
    key: text || "key",
    variations: [
      { id: "on", name: text, value: text },
      { id: "off", name: "Off", value: "false" },
    ],
  });
  const proposal = { ...proposalFor({ tool: "flag.turn_off" }, flag), summary: text };
  const queued = decisions.queue();
  const story = investigated(words);
  const messages: { text: string; blocks: unknown }[] = [];
  const views: unknown[] = [];
  const look = (at: Story): void => {
    const view = at.view();
    const facts = {
      expandable: true,
      standable: false,
      linkedCardUrl: null,
      flagUrl: null,
      consoleUrl: null,
      misplaced: null,
    };
    messages.push(renderCard(view, facts));
    const change = view.changes.at(-1);
    if (change === undefined) return;
    const ask = askMessage(change, roles);
    if (ask !== null) messages.push(ask);
    views.push(
      voteModal(change, "C1", "approve"),
      voteModal(change, "C1", "reject"),
      detailsModal(change, view, null),
    );
    views.push(closureModal(change, "C1", "keep", "U1", 1_800_000_000_000), rollBackModal(change, "C1"));
    views.push(expandModal(change, "C1", [{ id: "share-25", label: text, diff: [text] }]));
  };
  look(story);
  story.change(propose({ ...queued, reasons: [text], rule: text }, proposal));
  look(story);
  story.change(
    voteCommand(proposal, {
      rationale: text,
      voter: { userId: "U1", name: text },
      decision: decisions.allow(),
    }),
  );
  look(story);
  const { digest } = proposal;
  story.change({ command: "begin", operationId: "op-1", epoch: 1, digest, decision: decisions.allow() });
  look(story);
  story.change({
    command: "record_outcome",
    operationId: "op-1",
    outcome: { kind: "unknown", reason: text },
  });
  look(story);
  const chain = {
    kind: "broken" as const,
    auditEntryId: text,
    by: text,
    changedAt: story.now(),
    lost: [text, text],
    restore: { call: "toggle" as const, enabled: true },
  };
  const outcome = { kind: "applied" as const, revision: text, chain };
  story.change({ command: "record_outcome", operationId: "op-1", outcome });
  look(story);
  const [from, to] = [story.now(), story.now()];
  const verification = {
    queryId: "errors",
    title: text,
    unit: text,
    verdict: "recovered" as const,
    healthy: 0.2,
    troubled: 5,
    now: 0.21,
    from,
    to,
    reason: text,
  };
  story.change({ command: "record_verdict", verification });
  look(story);
  const reviewAt = toInstant(Date.parse(story.now()) + 3_600_000);
  const close = { command: "close" as const, resolution: "keep" as const, linkedChangeId: null, reviewAt };
  story.change({ ...close, owner: text.trim() || "somebody", note: text, by: text });
  look(story);
  story.incident({ command: "acknowledge", userId: "U1", name: text });
  look(story);

  const { evidence, timeline } = story.view();
  if (evidence !== null) messages.push(evidenceMessage(evidence));
  for (const entry of timeline) {
    const lines = eventLines(entry);
    if (lines !== null) messages.push({ text: joinLines(lines, 3000), blocks: [section(lines, 2500)] });
  }
  return { messages, views };
}

/** The formatting of a message: its stars, tildes and code spans, whatever stands in those. */
const marks = (texts: string[]): string =>
  texts
    .join("\n")
    .replaceAll(/`[^`\n]*`/g, "§")
    .replaceAll(/[^*~`§]/g, "");

describe("text of others in every place it reaches", () => {
  const benign = renderAll("harmless");

  it.each(attacks)(
    "$id ($class_) pings nobody, links nowhere and stays inside Slack's limits",
    ({ text }) => {
      const { messages, views } = renderAll(text);
      expect(messages.length).toBe(benign.messages.length);
      expect(messages.length).toBeGreaterThan(15);
      for (const message of messages) {
        expect(complaintsAbout(message)).toEqual([]);
        for (const said of [message.text, ...textsOf(message.blocks).mrkdwn]) {
          expect(dangersIn(said, [pinged])).toEqual([]);
        }
        expect(textsOf(message.blocks).plain.flatMap(invisibleIn)).toEqual([]);
      }
      for (const view of views) {
        expect(complaintsAboutView(view)).toEqual([]);
        const { mrkdwn, plain } = textsOf(view);
        expect(mrkdwn.flatMap((said) => dangersIn(said))).toEqual([]);
        expect(plain.flatMap(invisibleIn)).toEqual([]);
      }
      if (text.trim() !== "") {
        const formatting = messages.map(({ blocks }) => marks(textsOf(blocks).mrkdwn));
        expect(formatting).toEqual(benign.messages.map(({ blocks }) => marks(textsOf(blocks).mrkdwn)));
      }
    },
  );

  it("stays inside Slack's limits when everything is as long as it can be", () => {
    const { messages, views } = renderAll("W&<".repeat(400));
    expect(messages.flatMap(complaintsAbout)).toEqual([]);
    expect(views.flatMap(complaintsAboutView)).toEqual([]);
  });
});

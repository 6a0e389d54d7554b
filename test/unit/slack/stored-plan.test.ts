import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Assessment } from "../../../src/domain/assessment.ts";
import type { ToolOperation } from "../../../src/domain/flag/operation.ts";
import { mrkdwn } from "../../../src/adapters/slack/escape-text.ts";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { changeId, decisions, onFlag, propose, proposalFor } from "../../support/change-fixtures.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { investigated } from "../../support/story.ts";
import { complaintsAbout, textsOf } from "./slack-text.ts";

/** What a drafter that wants another change approved than the stored one would say. */
const lie = fc.constantFrom(
  `*Proposed change* (${changeId}): Turn everything off.`,
  "• Default rule: baseline 100% → 0%",
  "*Who is affected*\n• Nobody",
  "*How it is undone*\n• It cannot be undone",
  "*Approved* by Ruth. Waiting to be carried out.",
  "Flag: off → on, everyone gets On",
  "```\n*Proposed change*\n```",
  ">>> *Approval:* none needed",
  "<!date^0^*Proposed change*|x>",
);
const said = fc.oneof(
  lie,
  fc.string({ unit: "grapheme", maxLength: 400 }),
  fc.tuple(lie, lie).map((two) => two.join("\n\n")),
);
const hostile = fc.record({
  summary: said,
  abstention: said,
  suspects: fc.array(
    fc.record({
      flagKey: said,
      confidence: fc.constantFrom("low" as const, "high" as const),
      why: said,
      citations: fc.constant<Assessment["suspects"][number]["citations"]>(["E1"]),
    }),
    { maxLength: 5 },
  ),
  cappedBecause: fc.array(said, { maxLength: 4 }),
  gaps: fc.array(said, { maxLength: 4 }),
  route: fc.record({
    drafter: fc.constant("model" as const),
    model: said,
    prompt: fc.constant(null),
    fellBack: fc.constant(null),
    assigned: said,
    actual: said,
    steps: fc.array(fc.record({ route: said, because: said }), { maxLength: 4 }),
  }),
});
const operation = fc.constantFrom<ToolOperation>(
  { tool: "flag.turn_off" },
  { tool: "flag.serve_variation", rule: null, variationId: "off" },
);

/** Without code spans, in which a star is a star. */
const formatted = (text: string) => text.replaceAll(/`[^`\n]*`/g, "");

const headings = ["*Proposed change*", "*Who is affected*", "*How it is undone*"];

it("says of a change what its stored plan says, whatever the drafter says", () => {
  const options = seeded("text of the change on the card", 1000);
  let differences = 0;
  let lied = 0;
  fc.assert(
    fc.property(hostile, operation, said, (assessment, tool, name) => {
      const flag = onFlag({ name, description: name });
      const proposal = { ...proposalFor(tool, flag), summary: "Change checkout_one_click" };
      const story = investigated();
      story.incident({
        command: "record_assessment",
        assessment: assessmentWith({ ...assessment, abstention: "" }),
        candidates: [],
        transcript: null,
      });
      story.change(propose(decisions.queue(), proposal));
      const facts = {
        expandable: false,
        standable: false,
        linkedCardUrl: null,
        flagUrl: null,
        consoleUrl: null,
        misplaced: null,
      };
      const message = renderCard(story.view(), facts);
      expect(complaintsAbout(message)).toEqual([]);
      const sections = textsOf(message.blocks).mrkdwn;
      const { plan } = proposal;
      const wanted = [plan.diff.slice(0, 10), plan.exposure.words.slice(0, 5), plan.reverseDiff.slice(0, 6)];
      for (const [index, heading] of headings.entries()) {
        const about = sections.filter((text) => formatted(text).includes(heading));
        const [first = ""] = about;
        const lines = first
          .split("\n")
          .slice(1)
          .filter((line) => line.startsWith("• "));
        const expected = (wanted[index] ?? []).map((line) => `• ${mrkdwn(line)}`);
        if (about.length !== 1 || !first.startsWith(heading)) differences += 1;
        if (JSON.stringify(lines) !== JSON.stringify(expected)) differences += 1;
      }
      if (sections.filter((text) => /\*(?:Approved|Approval)/.test(formatted(text))).length !== 1)
        differences += 1;
      if (JSON.stringify(assessment).includes("Proposed change")) lied += 1;
    }),
    options,
  );
  process.stdout.write(
    `${options.numRuns} hostile assessments (${lied} forge a change): ${differences} differences\n`,
  );
  expect(differences).toBe(0);
  expect(lied).toBeGreaterThan(100);
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createOpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";
import { campaignSize } from "../../support/campaign-size.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { createCampaign } from "./draft-campaign.ts";
import { hostileAnswers } from "./hostile-drafts.ts";

const drafts = campaignSize(150, 5000);

test(`${drafts} drafts of a compromised model: none outside the candidates, none changed, none executed`, async () => {
  await using server = await createOpenAiSandbox();
  const campaign = await createCampaign(server);
  const tally = { model: 0, rules: 0, proposals: 0 };
  const answers = hostileAnswers({
    candidates: campaign.candidates.map(({ id }) => id),
    citations: campaign.evidence.items.map(({ id }) => id),
    flagKeys: campaign.flagKeys,
  });
  await fc.assert(
    fc.asyncProperty(answers, async (text) => {
      server.behave(() => ({ kind: "text", text }));
      const { drafter, proposed, words } = await campaign.play();
      tally[drafter] += 1;
      if (drafter === "model" && proposed !== null) tally.proposals += 1;
      for (const line of words) {
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(line.length).toBeLessThanOrEqual(900);
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect("polluted" in {}).toBe(false);
      server.requests.length = 0;
    }),
    { ...seeded("hostile drafts", drafts), endOnFailure: true },
  );
  process.stdout.write(
    `hostile drafts: ${drafts}; answered by the model ${tally.model}, by rules after an unfit answer ${tally.rules}; ` +
      `proposed on the model's word ${tally.proposals}; outside the candidates 0, plan differs 0, executed 0\n`,
  );
  // Else the campaign would prove nothing: some drafts must get as far as a card.
  expect(tally.proposals).toBeGreaterThan(0);
  expect(tally.rules).toBeGreaterThan(0);
}, 600_000);

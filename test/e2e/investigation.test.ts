import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { Evidence } from "../../src/domain/evidence/evidence.ts";
import { contentHash } from "../../src/domain/ledger/chain.ts";
import { streamOf } from "../../src/domain/ledger/stream.ts";
import type { ChatRequest } from "../../src/sandbox/openai/chat-request.ts";
import type { ModelBehaviour } from "../../src/sandbox/openai/model-answers.ts";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectAuditPasses, expectFolded, readStore } from "../support/ledger-check.ts";
import { openShop, type Shop } from "../support/open-shop.ts";
import { runSignalman } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ withModel: true });
}, 60_000);
afterAll(() => shop[Symbol.asyncDispose]());

const Told = z.object({
  evidence: z.object({
    from: z.string(),
    to: z.string(),
    items: z.array(z.object({ id: z.string(), kind: z.string(), flagKey: z.string().optional() })),
  }),
  candidates: z.array(z.object({ id: z.string() })),
  investigation: z
    .object({
      calls: z.array(z.object({ outcome: z.string(), evidence: z.array(z.string()) })),
      ended: z.string(),
    })
    .optional(),
});

function told({ messages }: ChatRequest) {
  const user = messages[1]?.content;
  return Told.parse(JSON.parse(typeof user === "string" ? user : ""));
}

/** Asks for the errors of the last twenty minutes and, on the way, for a write; then concludes on what it was shown. */
const curious: ModelBehaviour = (request) => {
  const { evidence, candidates, investigation } = told(request);
  if (request.tools !== undefined) {
    if (request.messages.length > 2) return { kind: "text", text: "enough" };
    const from = new Date(Date.parse(evidence.to) - 20 * 60_000).toISOString();
    const query = request.tools.find(({ function: { name } }) => name === "metric_query");
    const [queryId] = z
      .object({ properties: z.object({ queryId: z.object({ enum: z.array(z.string()) }) }) })
      .parse(query?.function.parameters).properties.queryId.enum;
    return {
      kind: "calls",
      calls: [
        { name: "metric_query", arguments: { queryId, from, to: evidence.to, stepSeconds: 10 } },
        { name: "flag_turn_off", arguments: { flagKey } },
      ],
    };
  }
  const change = evidence.items.find((item) => item.kind === "flag_change" && item.flagKey === flagKey);
  const shown = investigation?.calls.flatMap((call) => call.evidence) ?? [];
  const ids = [change?.id, ...shown].join(", ");
  return {
    kind: "content",
    content: {
      cause: "flag",
      summary: `Errors rose when one-click checkout came to everybody [${ids}].`,
      suspects: [
        { flagKey, confidence: "high", why: `A closer look agrees [${ids}].`, citations: ids.split(", ") },
      ],
      candidateId: candidates[0]?.id ?? null,
      abstention: null,
      confidence: "high",
    },
  };
};

it("asks for a metric, cites it on the card, and the ledger tells what it asked for and what it was refused", async () => {
  const { play, world, signalman, folder } = shop;
  world.model?.behave(curious);
  await play.setControl("signalman-investigation", "true");
  await play.fire(signalman.doorUrl, "checkout");
  const card = await play.cardOffering("approve");

  const [incident] = (await expectFolded(folder)).incidents;
  if (incident?.evidence == null || incident.assessment === null) throw new Error("nothing was found out");
  await using opened = await readStore(folder);
  const { ledger, bodies } = opened.store;
  const evidence = Evidence.parse(JSON.parse((await bodies.get(incident.evidence.bodyId)) ?? "null"));
  const added = evidence.items.at(-1);
  expect(added).toMatchObject({
    kind: "metric",
    id: `E${evidence.items.length}`,
    asked: { to: evidence.to },
  });
  expect(incident.evidence.items).toBe(evidence.items.length);
  expect(incident.evidence.hash).toBe(contentHash(evidence));
  expect(visibleText(card)).toContain(added?.id);
  expect(incident.assessment.suspects[0]?.citations).toContain(added?.id);
  expect(incident.assessment.route).toMatchObject({
    drafter: "model",
    prompt: { id: "assess" },
    investigation: { prompt: { id: "investigate" }, calls: 2, ended: "The model wanted to see no more." },
  });

  const calls = (await ledger.events(streamOf("incident", incident.id))).filter(
    ({ type }) => type === "tool_called",
  );
  expect(calls.map(({ data }) => data)).toMatchObject([
    {
      tool: "metric.query",
      arguments: expect.stringContaining('"queryId"'),
      outcome: "answered",
      evidenceIds: [added?.id],
      decision: {
        kind: "allow",
        controls: expect.arrayContaining([
          expect.objectContaining({ key: "signalman-investigation", value: "true" }),
        ]),
      },
    },
    { tool: "flag_turn_off", outcome: "refused", decision: null, evidenceIds: [] },
  ]);
  const { output } = await runSignalman(["audit", "show", incident.id], folder, {});
  expect(output).toMatch(
    /tool called .*the model\s+metric\.query \{.*"queryId".*\}\s+answered in \d+ ms\s+policy: allow in mode search_only/,
  );
  expect(output).toMatch(/flag_turn_off arguments sha256:\w+\s+refused in \d+ ms: There is no such tool\./);
  expect(output).toContain("investigated first: 2 calls; The model wanted to see no more.");
  await expectAuditPasses(folder);

  // Asking changed nothing: the change waits for a click, and a click still carries it out.
  expect(play.mutationsOf(flagKey)).toEqual([]);
  await play.approve("ruth");
  await until("the flag to be off", () => play.flag(flagKey).isEnabled === false, { seen: play.everything });
  expect(play.mutationsOf(flagKey)).toHaveLength(1);
}, 90_000);

it("is off again as soon as the control is: the model is offered no tools", async () => {
  const { play, world, signalman } = shop;
  await play.setControl("signalman-investigation", "false");
  const before = world.model?.requests.length ?? 0;
  await play.fire(signalman.doorUrl, "search");
  await play.cardWith(/SearchSlow/);
  const asked = await until("the model to be asked", () => {
    const sent = world.model?.requests.slice(before) ?? [];
    return sent.length > 0 ? sent : null;
  });
  for (const { body } of asked) expect(body).not.toHaveProperty("tools");
}, 60_000);

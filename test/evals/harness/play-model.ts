import { createOpenAiDrafter } from "../../../src/adapters/openai/openai-drafter.ts";
import type { Documents } from "../../../src/documents/load-documents.ts";
import { ModelBudget } from "../../../src/domain/model-budget.ts";
import { createLadder, type Ladder } from "../../../src/pipeline/drafting/ladder.ts";
import { createOpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";
import { memoryBudgets } from "../../support/model-fixtures.ts";
import { type ScriptedModel, scriptedModels } from "./scripted-models.ts";
import type { World } from "./world.ts";

/** A ladder with one model, told which world comes next. */
export type PlayedModel = AsyncDisposable & { ladder: Ladder; meet(world: World): void };

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const budget = ModelBudget.parse({
  callsPerHour: 100_000,
  tokensPerHour: 1_000_000_000,
  tokensPerIncident: 10_000_000,
});

/** A model of our script behind a real server on loopback and the real client. */
export async function playModel(
  name: ScriptedModel,
  { prompts }: Pick<Documents, "prompts">,
): Promise<PlayedModel> {
  const server = await createOpenAiSandbox({ models: [name] });
  const ladder = ladderOf({ apiKey: server.apiKey, baseUrl: server.baseUrl, model: name }, 500, prompts);
  return {
    ladder,
    meet: (world) => server.behave(scriptedModels[name](world)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A real model at a real server, which costs money. */
export function liveModel(
  server: { apiKey: string; baseUrl: string; model: string },
  { prompts }: Pick<Documents, "prompts">,
): PlayedModel {
  return {
    ladder: ladderOf(server, 60_000, prompts),
    meet: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function ladderOf(
  server: { apiKey: string; baseUrl: string; model: string },
  timeoutMs: number,
  prompts: Documents["prompts"],
): Ladder {
  const drafter = createOpenAiDrafter({ ...server, timeoutMs });
  return createLadder({
    routes: [{ name: "default", drafter, timeoutMs: 2 * timeoutMs, retries: 0, prices: null }],
    prompts,
    budget,
    budgets: memoryBudgets(),
    log: quiet,
  });
}

import type OpenAI from "openai";
import { SpanKind } from "@opentelemetry/api";
import { inSpan } from "../../watch/in-span.ts";
import { instrument } from "../../watch/instrument.ts";
import { Completion } from "./wire.ts";

const seconds = instrument((meter) =>
  meter.createHistogram("gen_ai.client.operation.duration", {
    description: "How long a model took to answer.",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.1, 0.5, 1, 2, 5, 10, 20, 40, 80] },
  }),
);
const tokens = instrument((meter) =>
  meter.createCounter("signalman_model_tokens", { description: "Tokens that models counted, by kind." }),
);

/** One request to a model as a span of the GenAI conventions: names and counts, and nothing of what is said. */
export function inChat(
  { model, max_completion_tokens, max_tokens }: OpenAI.ChatCompletionCreateParamsNonStreaming,
  server: string,
  ask: () => Promise<unknown>,
): Promise<unknown> {
  const [host = server, port] = server.split(":");
  const names = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": model,
  };
  const attributes = {
    ...names,
    "gen_ai.request.max_tokens": max_completion_tokens ?? max_tokens ?? 0,
    "server.address": host,
    ...(port !== undefined && { "server.port": Number(port) }),
  };
  return inSpan(`chat ${model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const startedAt = performance.now();
    const answer = await ask();
    seconds().record((performance.now() - startedAt) / 1000, names);
    const { usage, choices } = Completion.safeParse(answer).data ?? {};
    if (usage) {
      span.setAttribute("gen_ai.usage.input_tokens", usage.prompt_tokens);
      span.setAttribute("gen_ai.usage.output_tokens", usage.completion_tokens);
      tokens().add(usage.prompt_tokens, { kind: "input", model });
      tokens().add(usage.completion_tokens, { kind: "output", model });
    }
    const reasons = choices?.flatMap(({ finish_reason: why }) => (why == null ? [] : [why.slice(0, 40)]));
    if (reasons !== undefined) span.setAttribute("gen_ai.response.finish_reasons", reasons);
    return answer;
  });
}

import type { ModelDrafter } from "../../pipeline/ports/drafter.ts";
import type { OpenAiOptions } from "./create-client.ts";

/** The drafter of `openai-drafter.ts`, loaded when it is first asked: its client is no part of a start. */
export function createLateDrafter(options: OpenAiOptions): ModelDrafter {
  let made: Promise<ModelDrafter> | null = null;
  const drafter = () =>
    (made ??= import("./openai-drafter.ts").then(({ createOpenAiDrafter }) => createOpenAiDrafter(options)));
  return {
    model: options.model,
    draft: async (request) => (await drafter()).draft(request),
    investigate: async (request) => (await drafter()).investigate?.(request),
  };
}

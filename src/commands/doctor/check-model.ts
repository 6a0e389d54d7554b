import { probeModel } from "../../adapters/openai/probe-model.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { ModelRoute } from "../../config/model.ts";
import { type Check, type Finding, problem, warning } from "./check.ts";

/** Whether each model answers, and in the form that it is asked for. Costs a few tokens. */
export const checkModel: Check = {
  name: "model",
  async run({ config: { worker }, timeoutMs }) {
    const routes = worker?.model?.routes ?? [];
    return (await Promise.all(routes.map((route) => ofRoute(route, timeoutMs)))).flat();
  },
};

async function ofRoute(
  { route, apiKey, keyEnv, name, baseUrl }: ModelRoute,
  timeoutMs: number,
): Promise<Finding[]> {
  const where = `The model route "${route}" (${name})`;
  try {
    const options = { apiKey: apiKey.reveal(), baseUrl, model: name, timeoutMs, keyEnv };
    const { format, obeyed } = await probeModel(options, AbortSignal.timeout(timeoutMs));
    if (!obeyed) {
      return [
        warning(
          `${where} did not answer a plain question in the form asked for.`,
          "Its drafts will mostly be unreadable, and rules draft then.",
          "Choose a model that gives structured output.",
        ),
      ];
    }
    if (format === "json_schema") return [];
    return [
      warning(
        `${where} takes no strict JSON schema; it can be asked for ${format}.`,
        "Some of its answers will not fit, cost a repair, or are drafted by rules.",
        "Choose a server or model with structured output (response_format json_schema).",
      ),
    ];
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return [
      problem(
        `${where} cannot be used: ${error.message}`,
        "Every draft falls to the next route or to the rules.",
        `Check ${keyEnv}, model.name and model.baseUrl.`,
      ),
    ];
  }
}

import { z } from "zod";
import { InvestigationLimits } from "../domain/investigation-limits.ts";
import { ModelBudget, ModelPrices } from "../domain/model-budget.ts";
import { addressFrom, HttpAddress } from "./addresses.ts";
import { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

const standardUrl = "https://api.openai.com/v1";
const standardKey = "OPENAI_API_KEY";
const primary = "default";

const fields = {
  name: z.string().min(1).max(200).describe("The model's name at its server."),
  baseUrl: HttpAddress.describe("Base address of the OpenAI-compatible server."),
  keyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,99}$/, "a variable's name such as OPENAI_API_KEY, or null")
    .nullable()
    .describe("Name of the variable that holds the key; null for a server that asks for none."),
  timeoutMs: z.int().min(1000).max(600_000).describe("For everything together, retries and repair included."),
  retries: z.int().min(0).max(5).describe("Further tries after one that failed in passing."),
  prices: ModelPrices.describe("Without prices, costs are not counted."),
};

/** One model at one server. OPENAI_MODEL and OPENAI_BASE_URL win over the `default` route's own. */
const RouteSettings = z.strictObject({
  name: fields.name.optional(),
  baseUrl: fields.baseUrl.default(standardUrl),
  keyEnv: fields.keyEnv.default(standardKey),
  timeoutMs: fields.timeoutMs.default(30_000),
  retries: fields.retries.default(1),
  prices: fields.prices.optional(),
});
type RouteSettings = z.infer<typeof RouteSettings>;

/** The values that the control `signalman-model-route` may have; `rules` is one of them without being declared. */
const RouteName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, "a name of letters, digits and . _ : / -")
  .refine((name) => name !== "rules", "`rules` means that no model is asked; choose another name");

/** One route in short (`name`, `baseUrl` …), or several by name: `default`, `fallback` and those a control chooses. */
export const ModelSettings = z
  .strictObject({
    ...z.object(fields).partial().shape,
    routes: z
      .record(RouteName, RouteSettings)
      .optional()
      .describe(
        "Several models by name, instead of name, baseUrl and so on: default, fallback, and those that the control signalman-model-route chooses.",
      ),
    budget: ModelBudget.prefault({}).describe(
      "How much may be asked of models; what is beyond it is drafted by rules.",
    ),
    investigation: InvestigationLimits.prefault({}).describe(
      "Counts where the control `signalman-investigation` is on.",
    ),
  })
  .superRefine((settings, context) => {
    const { routes, budget: _budget, investigation: _limits, ...short } = settings;
    if (routes === undefined) return;
    for (const key of Object.keys(short)) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: `stands beside model.routes; move it to model.routes.${primary}`,
      });
    }
    if (!Object.hasOwn(routes, primary)) {
      context.addIssue({
        code: "custom",
        path: ["routes"],
        message: `has no route "${primary}"; name the model that is asked first so`,
      });
    }
  })
  .prefault({});
export type ModelSettings = z.infer<typeof ModelSettings>;

export interface ModelRoute {
  /** `default`, `fallback`, or a name that the control `signalman-model-route` chooses by. */
  route: string;
  apiKey: Secret;
  keyEnv: string;
  /** The model's name at its server. */
  name: string;
  baseUrl: string;
  timeoutMs: number;
  retries: number;
  prices: ModelPrices | null;
}

export interface Model {
  /** The first is `default`. */
  routes: [ModelRoute, ...ModelRoute[]];
  budget: ModelBudget;
  investigation: InvestigationLimits;
}

/** Null where the `default` route has no key: the rules drafter works alone and the card says so. */
export function readModel(settings: ModelSettings, variables: Variables, file: string): Model | null {
  const { routes, budget, investigation, ...short } = settings;
  const declared = routes ?? { [primary]: RouteSettings.parse(short) };
  const first = declared[primary];
  const standard = first === undefined ? null : readRoute(primary, first, variables, file);
  if (standard === null) return null;
  const others = Object.entries(declared)
    .filter(([name]) => name !== primary)
    .flatMap(([name, one]) => readRoute(name, one, variables, file) ?? missingKey(name, one, variables));
  return { routes: [standard, ...others], budget, investigation };
}

function readRoute(
  name: string,
  settings: RouteSettings,
  variables: Variables,
  file: string,
): ModelRoute | null {
  const { keyEnv, timeoutMs, retries, prices } = settings;
  const apiKey = keyEnv === null ? new Secret("") : variables.optionalSecret(keyEnv);
  if (apiKey === null) return null;
  const isFirst = name === primary;
  const model = (isFirst ? variables.text("OPENAI_MODEL") : undefined) ?? settings.name;
  if (model === undefined) {
    const remedy = isFirst ? `OPENAI_MODEL or model.name` : `model.routes.${name}.name`;
    const key = keyEnv === null ? `model.routes.${name} asks for no key` : `${keyEnv} is set`;
    variables.findings.push(
      `${key} but no model is named; set ${remedy} in ${file}, or unset the key to let rules draft.`,
    );
  }
  const baseUrl = isFirst ? addressFrom(variables, "OPENAI_BASE_URL", settings.baseUrl) : settings.baseUrl;
  return {
    route: name,
    apiKey,
    keyEnv: keyEnv ?? "the server's settings: model.routes names no key for it",
    name: model ?? "",
    baseUrl: baseUrl ?? settings.baseUrl,
    timeoutMs,
    retries,
    prices: prices ?? null,
  };
}

/** A route that is declared and cannot be asked would only be noticed in the night when it is needed. */
function missingKey(name: string, { keyEnv }: RouteSettings, { findings }: Variables): [] {
  findings.push(
    `${keyEnv ?? ""} is not set; set it to the key of model.routes.${name}, or remove that route.`,
  );
  return [];
}

import { z } from "zod";
import { addressFrom, HttpAddress } from "./addresses.ts";
import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

export const ModelSettings = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    baseUrl: HttpAddress.default("https://api.openai.com/v1"),
    timeoutMs: z.int().min(1000).max(600_000).default(30_000),
  })
  .prefault({});
export type ModelSettings = z.infer<typeof ModelSettings>;

export interface Model {
  apiKey: Secret;
  name: string;
  baseUrl: string;
  timeoutMs: number;
}

/** Null without a key: the rules drafter works alone and the card says so. */
export function readModel(settings: ModelSettings, variables: Variables, file: string): Model | null {
  const apiKey = variables.optionalSecret("OPENAI_API_KEY");
  if (apiKey === null) return null;
  const name = variables.text("OPENAI_MODEL") ?? settings.name;
  if (name === undefined) {
    variables.findings.push(
      `OPENAI_API_KEY is set but no model is named; set OPENAI_MODEL or model.name in ${file}, or unset the key to let rules draft.`,
    );
  }
  return {
    apiKey,
    name: name ?? "",
    baseUrl: addressFrom(variables, "OPENAI_BASE_URL", settings.baseUrl) ?? settings.baseUrl,
    timeoutMs: settings.timeoutMs,
  };
}

import OpenAI from "openai";
import { boundedFetch } from "./bounded-fetch.ts";

export interface OpenAiOptions {
  /** "" for a server that wants no key. */
  apiKey: string;
  baseUrl: string;
  model: string;
  /** For one request. The ladder bounds all of them together. */
  timeoutMs: number;
  /** Where the key comes from, for the words of a refusal. */
  keyEnv?: string;
}

/** A client that takes nothing from the environment and leaves trying again to the caller. */
export function createClient({ apiKey, baseUrl, timeoutMs }: OpenAiOptions): OpenAI {
  return new OpenAI({
    // The client wants one; servers that ask for none ignore it.
    apiKey: apiKey === "" ? "none" : apiKey,
    baseURL: baseUrl,
    // Said here so that the client does not look for them in the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: "off",
    fetch: boundedFetch,
    timeout: timeoutMs,
    // The ladder retries: it knows the budget and the time left.
    maxRetries: 0,
  });
}

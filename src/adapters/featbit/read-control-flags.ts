import { z } from "zod";
import { OpsError } from "../../domain/ops-error.ts";
import type { ControlState } from "../../domain/policy/control-flags.ts";
import { readText } from "./read-text.ts";

/** As the evaluation server gives flags to SDKs: without revision and authors (contract §3.1). */
const Sync = z.object({
  data: z.object({
    featureFlags: z.array(
      z.object({
        key: z.string(),
        variationType: z.string(),
        variations: z.array(
          z.object({
            id: z.string(),
            value: z
              .string()
              .nullish()
              .transform((text) => text ?? ""),
          }),
        ),
        disabledVariationId: z
          .string()
          .nullish()
          .transform((id) => id ?? ""),
        isArchived: z.boolean().default(false),
        isEnabled: z.boolean(),
      }),
    ),
  }),
});

const mostBytes = 32 * 1024 * 1024;

/**
 * All flags of the environment that the SDK secret belongs to, by key, as they were made. The secret is not checked
 * here: the evaluation server looks only at its form over HTTP. Throws `OpsError`.
 */
export async function readControlFlags(
  eventsUrl: string,
  secret: string,
  timeoutMs: number,
): Promise<Map<string, ControlState & { isEnabled: boolean }>> {
  const where = "GET /api/public/sdk/server/latest-all";
  let status: number;
  let body: string;
  try {
    const response = await fetch(`${eventsUrl.replace(/\/+$/, "")}/api/public/sdk/server/latest-all`, {
      headers: { authorization: secret },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    body = await readText(response, mostBytes, where);
  } catch (cause) {
    if (cause instanceof OpsError) throw cause;
    throw new OpsError(
      "unreachable",
      `FeatBit's evaluation server could not be reached at ${eventsUrl}: check FEATBIT_EVENTS_URL and FEATBIT_STREAMING_URL.`,
      { cause },
    );
  }
  const sync = Sync.safeParse(jsonOf(body));
  if (status === 200 && sync.success) {
    return new Map(sync.data.data.featureFlags.map((flag) => [flag.key, flag]));
  }
  throw new OpsError(
    "bad_answer",
    `FeatBit's evaluation server answered ${where} with ${status}, not with flags.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

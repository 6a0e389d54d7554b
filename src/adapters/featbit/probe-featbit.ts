import { z } from "zod";
import { OpsError } from "../../domain/ops-error.ts";
import { readText } from "./read-text.ts";
import { flagPath } from "./rest-client.ts";
import { failureOf } from "./rest-failure.ts";
import { WireEnvelope } from "./wire.ts";

/** Rights that can be asked for without using them. */
export const askableRights = [
  "ToggleFlag",
  "UpdateFlagOffVariation",
  "UpdateFlagVariations",
  "CreateFlag",
  "CanManageIAM",
] as const;
export type AskableRight = (typeof askableRights)[number];

export interface SeenEnvironment {
  id: string;
  project: string;
  environment: string;
  /** FeatBit 5.4 and newer say whether a comment is required; older ones do not keep the comments of toggles. */
  knowsComments: boolean;
}

export interface FeatBitProbe {
  /** What this token may see, and FeatBit's clock less ours in milliseconds (null: it does not say). */
  see(): Promise<{ environments: SeenEnvironment[]; clockAheadMs: number | null }>;
  /** Whether the token has a right over a flag that exists. Null: the answer tells nothing. */
  mayDo(right: AskableRight, environmentId: string, flagKey: string): Promise<boolean | null>;
}

export interface ProbeOptions {
  apiUrl: string;
  token: string;
  tokenSetting: string;
  timeoutMs: number;
  now: () => number;
}

const Project = z.object({
  key: z.string(),
  environments: z
    .array(
      z.object({
        id: z.string(),
        key: z.string(),
        settings: z.looseObject({}).nullish(),
      }),
    )
    .nullish()
    .transform((each) => each ?? []),
});

const mostBytes = 8 * 1024 * 1024;
/** No JSON: FeatBit refuses it after it has looked at the right, and before anything is done. */
const unreadable = "{";

/**
 * Asks what a token may do. FeatBit checks rights before it reads a request (contract §1.2), so a request that cannot
 * be read is answered 403 without the right and 400 with it; nothing is changed by either. The rights for targeting
 * cannot be told this way. Throws `OpsError`.
 */
export function createFeatBitProbe(options: ProbeOptions): FeatBitProbe {
  const base = options.apiUrl.replace(/\/+$/, "");

  async function ask(method: string, path: string, body?: string): Promise<Response> {
    try {
      return await fetch(`${base}/api/v1${path}`, {
        method,
        redirect: "manual",
        headers: {
          authorization: options.token,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(options.timeoutMs),
      });
    } catch (cause) {
      throw new OpsError("unreachable", `FeatBit could not be reached at ${base}: check FEATBIT_API_URL.`, {
        cause,
      });
    }
  }

  return {
    async see() {
      const askedAt = options.now();
      const response = await ask("GET", "/projects");
      const halfway = (askedAt + options.now()) / 2;
      const body = await readText(response, mostBytes, "GET /projects");
      const asked = { method: "GET", path: "/api/v1/projects", needs: "CanAccessProject" };
      const { status, headers } = response;
      if (status !== 200)
        throw failureOf({ ...asked, tokenSetting: options.tokenSetting }, { status, headers, body });
      const envelope = WireEnvelope.safeParse(jsonOf(body));
      const projects = z.array(Project).safeParse(envelope.data?.data);
      if (!projects.success) {
        throw new OpsError("bad_answer", `${base} does not answer as FeatBit does: check FEATBIT_API_URL.`);
      }
      const date = Date.parse(headers.get("date") ?? "");
      return {
        environments: projects.data.flatMap(({ key, environments }) =>
          environments.map(({ id, key: environment, settings }) => ({
            id,
            project: key,
            environment,
            knowsComments: settings !== null && settings !== undefined && "requireChangeComment" in settings,
          })),
        ),
        // The header has whole seconds: half of one is the best guess.
        clockAheadMs: Number.isNaN(date) ? null : date + 500 - halfway,
      };
    },

    async mayDo(right, environmentId, flagKey) {
      const [method, path, body] = requestFor(right, environmentId, flagKey);
      const response = await ask(method, path, body);
      await response.body?.cancel();
      if (response.status === 403) return false;
      return response.status === 400 || (right === "CanManageIAM" && response.status === 200) ? true : null;
    },
  };
}

function requestFor(
  right: AskableRight,
  environmentId: string,
  flagKey: string,
): [method: string, path: string, body?: string] {
  const flag = flagPath(environmentId, flagKey);
  switch (right) {
    case "ToggleFlag":
      // Neither true nor false.
      return ["PUT", `${flag}/toggle/signalman-doctor`];
    case "UpdateFlagOffVariation":
      return ["PUT", `${flag}/off-variation`, unreadable];
    case "UpdateFlagVariations":
      return ["PUT", `${flag}/variations`, unreadable];
    case "CreateFlag":
      return ["POST", `/envs/${encodeURIComponent(environmentId)}/feature-flags`, unreadable];
    case "CanManageIAM":
      return ["GET", "/members?pageSize=1"];
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

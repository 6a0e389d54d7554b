import type { Incoming } from "./api.ts";
import { runRoute } from "./api.ts";
import { bodies } from "./bodies.ts";
import { Call } from "./call.ts";
import { clientSync, serverSync } from "./data-sync.ts";
import { empty, healthy, plainJson, problem, text } from "./envelope.ts";
import type { Reply } from "./envelope.ts";
import { evaluate } from "./evaluation.ts";
import type { EndUser } from "./evaluation.ts";
import { ZERO_GUID, envOfSecret } from "./guid.ts";
import { matchRoute } from "./router.ts";
import type { Route } from "./router.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Actor } from "./world.ts";

/** What an SDK reported: one evaluated user with variations and metrics. */
export type Insight = {
  envId: string;
  user: EndUser;
  variations: { featureFlagKey: string; sendToExperiment: boolean; timestamp: number; variation: unknown }[];
  metrics: unknown[];
};

const SDK: Actor = { kind: "system", id: ZERO_GUID, name: null, email: "", permissions: [] };

/** The HTTP side of the evaluation server; secrets are checked for their form only. */
export async function answerEvaluation(
  sandbox: Sandbox,
  insights: Insight[],
  request: Incoming,
): Promise<Reply> {
  const match = matchRoute(routesFor(insights), request.method, request.url.pathname);
  if (match.kind === "none") return empty(404);
  if (match.kind === "method") return empty(405, { allow: match.allow });
  const envId = envOfSecret(request.headers["authorization"] ?? "");
  if (match.route.access.to !== "anonymous" && envId === undefined) return problem(401, "evaluation");
  const call = new Call({
    sandbox,
    server: "evaluation",
    actor: SDK,
    params: new Map([["envId", envId ?? ""]]),
    query: request.url.searchParams,
    contentType: request.headers["content-type"],
    rawBody: request.body,
    atMs: undefined,
  });
  return runRoute(match.route, call);
}

const health = (path: string): Route => ({
  method: "GET",
  path,
  access: { to: "anonymous" },
  handle: healthy,
});

const routesFor = (insights: Insight[]): Route[] => [
  health("/health/liveness"),
  health("/health/readiness"),
  {
    method: "GET",
    path: "/api/public/sdk/server/latest-all",
    access: { to: "any" },
    handle: latestForServer,
  },
  {
    method: "POST",
    path: "/api/public/sdk/client/latest-all",
    access: { to: "any" },
    body: { shape: bodies.clientUser, param: "endUser" },
    handle: latestForClient,
  },
  {
    method: "POST",
    path: "/api/public/featureflag/evaluate",
    access: { to: "any" },
    body: { shape: bodies.evaluate, param: "request" },
    handle: evaluateFlags,
  },
  {
    method: "POST",
    path: "/api/public/insight/track",
    access: { to: "any" },
    body: { shape: bodies.insights, param: "insights" },
    handle: (call) => track(call, insights),
  },
];

function latestForServer(call: Call): Reply {
  const timestampMs = call.int("timestamp", "timestamp") ?? 0;
  const sync = serverSync(call.world, call.param("envId"), timestampMs);
  const { featureFlags, segments } = sync.data;
  return featureFlags.length + segments.length === 0 && timestampMs > 0 ? empty(200) : plainJson(sync);
}

function latestForClient(call: Call): Reply {
  const user = call.bodyAs<EndUser>();
  if (!user.keyId) return text(400, "invalid end user");
  return plainJson(
    clientSync(call.world, call.param("envId"), call.int("timestamp", "timestamp") ?? 0, user),
  );
}

type EvaluateBody = {
  user?: EndUser;
  filter?: { keys?: string[]; tags?: string[]; tagFilterMode?: string; timestamp?: number };
};

function evaluateFlags(call: Call): Reply {
  const { user, filter = {} } = call.bodyAs<EvaluateBody>();
  if (!user?.keyId) return text(400, "A valid user is required.");
  const mode = filter.tagFilterMode ?? "and";
  if (mode !== "and" && mode !== "or") {
    return text(400, `Invalid tag filter mode: ${mode}. Valid values are 'and' or 'or'.`);
  }
  const tagged = (tags: string[]) => {
    if (!filter.tags?.length) return true;
    const has = (tag: string) => tags.includes(tag);
    return mode === "and" ? filter.tags.every(has) : filter.tags.some(has);
  };
  const flags = call.world.flags.filter(
    (flag) =>
      flag.envId === call.param("envId") &&
      (!filter.keys?.length || filter.keys.includes(flag.key)) &&
      tagged(flag.tags),
  );
  try {
    return plainJson(
      flags.map((flag) => {
        const { id, value, matchReason, sendToExperiment } = evaluate(flag, user, call.world.segments);
        return {
          key: flag.key,
          variation: { id, type: flag.variationType, value, matchReason, sendToExperiment },
        };
      }),
    );
  } catch {
    return empty(500); // an unknown segment or null conditions anywhere in the environment
  }
}

function track(call: Call, insights: Insight[]): Reply {
  for (const { user, variations = [], metrics = [] } of call.bodyAs<Partial<Insight>[]>()) {
    if (!user?.keyId) continue; // dropped without a word
    insights.push({ envId: call.param("envId"), user, variations: variations ?? [], metrics: metrics ?? [] });
  }
  return empty(200);
}

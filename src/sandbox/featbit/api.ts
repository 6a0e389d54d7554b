import { apiRoutes } from "./api-routes.ts";
import { Call, Stop } from "./call.ts";
import { Failure, empty, refused, serverError } from "./envelope.ts";
import type { Reply } from "./envelope.ts";
import { ZERO_GUID } from "./guid.ts";
import { isAllowed, resourceOf } from "./iam.ts";
import { matchRoute } from "./router.ts";
import type { Access, Route } from "./router.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Actor, Statement, User, World } from "./world.ts";

export type Incoming = {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
};

export const OWNER: Statement[] = [
  { id: "owner", resourceType: "*", effect: "allow", actions: ["*"], resources: ["*"] },
];

const NOBODY: Actor = { kind: "system", id: ZERO_GUID, name: null, email: "", permissions: [] };

/** @returns the answer, and who asked (undefined when nobody was recognised). */
export async function answerApi(
  sandbox: Sandbox,
  request: Incoming,
): Promise<{ reply: Reply; actor?: Actor }> {
  if (request.method === "OPTIONS") return { reply: preflight(request) };
  const match = matchRoute(apiRoutes, request.method, request.url.pathname);
  if (match.kind === "none") return { reply: empty(404) };
  if (match.kind === "method") return { reply: empty(405, { allow: match.allow }) };
  const actor = actorOf(sandbox.world, request.headers);
  const { route, params } = match;
  const anonymous = route.access.to === "anonymous";
  if (!actor && !anonymous) return { reply: refused(401, "Unauthorized") };
  const who = actor ?? NOBODY;
  const denied = checkAccess(route.access, who, sandbox.world, params, request.headers);
  if (denied) return { reply: denied, actor: who };
  const call = new Call({
    sandbox,
    server: "api",
    actor: who,
    params,
    query: request.url.searchParams,
    contentType: request.headers["content-type"],
    rawBody: request.body,
    atMs: undefined,
  });
  const reply = await runRoute(route, call);
  return { reply: { ...reply, headers: { "api-supported-versions": "1.0", ...reply.headers } }, actor: who };
}

export async function runRoute(route: Route, call: Call): Promise<Reply> {
  try {
    route.check?.(call);
    if (route.body) call.bind(route.body);
    return await route.handle(call);
  } catch (error) {
    if (error instanceof Stop) return error.reply;
    if (error instanceof Failure) return error.reply();
    if (error instanceof TypeError) return serverError().reply(); // null members of a body, as on the real server
    throw error;
  }
}

function actorOf(world: World, headers: Incoming["headers"]): Actor | undefined {
  const authorization = headers["authorization"]?.trim();
  if (!authorization) return undefined;
  if (authorization.startsWith("Bearer ")) {
    const user = world.users.find(
      ({ bearer }) => bearer !== undefined && `Bearer ${bearer}` === authorization,
    );
    return user && userActor(user);
  }
  const token = world.tokens.find(
    (candidate) => candidate.token === authorization && candidate.status === "Active",
  );
  return (
    token && {
      kind: "token",
      id: token.id,
      name: token.name,
      email: "Access token",
      permissions: token.permissions,
    }
  );
}

export const userActor = (user: User): Actor => ({
  kind: "user",
  id: user.id,
  name: user.name,
  email: user.email,
  permissions: OWNER,
});

function checkAccess(
  access: Access,
  actor: Actor,
  world: World,
  params: ReadonlyMap<string, string>,
  headers: Incoming["headers"],
): Reply | undefined {
  switch (access.to) {
    case "anonymous":
    case "any":
      return undefined;
    case "licensed":
      return refused(403, "Forbidden");
    case "people":
      return actor.kind === "user" ? undefined : empty(403);
    case "iam": {
      const resource = resourceOf(access.on, world, params);
      // A person's permissions hang on the organisation, which only tokens carry along by themselves.
      const placed = actor.kind !== "user" || headers["organization"] !== undefined;
      const allowed =
        placed && resource !== undefined && isAllowed(actor.permissions, access.action, resource);
      return allowed ? undefined : refused(403, "Forbidden");
    }
  }
}

function preflight(request: Incoming): Reply {
  return empty(204, {
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "",
    "access-control-allow-methods": request.headers["access-control-request-method"] ?? "",
    "access-control-allow-origin": request.headers["origin"] ?? "*",
    vary: "Origin",
  });
}

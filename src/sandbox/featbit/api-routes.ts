import { compareChange, listAudits } from "./audit.ts";
import { bodies } from "./bodies.ts";
import type { BodyRule, Call } from "./call.ts";
import type { Reply } from "./envelope.ts";
import { empty, healthy, ok, serverError } from "./envelope.ts";
import * as updates from "./flag-updates.ts";
import * as flags from "./flags.ts";
import type { Subject } from "./iam.ts";
import * as projects from "./projects.ts";
import type { Access, Route } from "./router.ts";
import * as segments from "./segments.ts";
import { runTrigger } from "./triggers.ts";
import type { Shape } from "./bind.ts";

type Handler = (call: Call) => Reply | Promise<Reply>;

const iam = (action: string, on: Subject): Access => ({ to: "iam", action, on });
const any: Access = { to: "any" };
const people: Access = { to: "people" };
const payload = (shape: Shape): BodyRule => ({ shape, param: "payload" });
const request = (shape: Shape): BodyRule => ({ shape, param: "request" });
const optional: BodyRule = { shape: bodies.comment, param: "payload", optional: true };

const route = (method: string, path: string, access: Access, handle: Handler, body?: BodyRule): Route => ({
  method,
  path: `/api/v1${path}`,
  access,
  handle,
  ...(body && { body }),
});

const inEnv = iam("CanAccessEnv", "env");
const FLAGS = "/envs/:envId/feature-flags";
const FLAG = `${FLAGS}/:key`;
const SEGMENTS = "/envs/:envId/segments";
const SEGMENT = `${SEGMENTS}/:id`;

const flagRoutes: Route[] = [
  route("GET", FLAGS, inEnv, flags.list),
  route("POST", FLAGS, iam("CreateFlag", "new-flag"), flags.create, request(bodies.createFlag)),
  route("GET", `${FLAGS}/all-tags`, inEnv, flags.allTags),
  route("POST", `${FLAGS}/clone/:key`, iam("CloneFlag", "flag"), flags.clone, payload(bodies.clone)),
  route("GET", FLAG, inEnv, flags.get),
  route("PATCH", FLAG, any, flags.patch),
  route("DELETE", FLAG, iam("DeleteFlag", "flag"), flags.remove, optional),
  route("GET", `${FLAG}/pending-changes`, any, flags.pendingChanges),
  {
    ...route("PUT", `${FLAG}/toggle/:status`, iam("ToggleFlag", "flag"), updates.toggle, optional),
    check: updates.checkToggleStatus,
  },
  route("PUT", `${FLAG}/targeting`, any, updates.targeting, payload(bodies.targeting)),
  route(
    "PUT",
    `${FLAG}/off-variation`,
    iam("UpdateFlagOffVariation", "flag"),
    updates.offVariation,
    payload(bodies.offVariation),
  ),
  route(
    "PUT",
    `${FLAG}/variations`,
    iam("UpdateFlagVariations", "flag"),
    updates.variations,
    payload(bodies.variations),
  ),
  route("PUT", `${FLAG}/name`, iam("UpdateFlagName", "flag"), updates.rename, payload(bodies.name)),
  route(
    "PUT",
    `${FLAG}/description`,
    iam("UpdateFlagDescription", "flag"),
    updates.describe,
    payload(bodies.description),
  ),
  route("PUT", `${FLAG}/tags`, iam("UpdateFlagTags", "flag"), updates.retag, payload(bodies.tags)),
  route("PUT", `${FLAG}/archive`, iam("ArchiveFlag", "flag"), updates.archive, optional),
  route("PUT", `${FLAG}/restore`, iam("RestoreFlag", "flag"), updates.restore, optional),
];

const segmentRoutes: Route[] = [
  route("GET", SEGMENTS, inEnv, segments.listSegments),
  route(
    "POST",
    SEGMENTS,
    iam("CreateSegment", "new-segment"),
    segments.createSegment,
    request(bodies.createSegment),
  ),
  route("GET", `${SEGMENTS}/all-tags`, inEnv, segments.allSegmentTags),
  route("GET", `${SEGMENTS}/by-ids`, inEnv, segments.segmentsByIds),
  route("GET", SEGMENT, inEnv, segments.getSegment),
  route("GET", `${SEGMENT}/flag-references`, inEnv, segments.flagReferences),
  route("PUT", `${SEGMENT}/targeting`, any, segments.segmentTargeting, payload(bodies.segmentTargeting)),
  route(
    "PUT",
    `${SEGMENT}/name`,
    iam("UpdateSegmentName", "segment"),
    segments.renameSegment,
    payload(bodies.name),
  ),
  route(
    "PUT",
    `${SEGMENT}/description`,
    iam("UpdateSegmentDescription", "segment"),
    segments.describeSegment,
    payload(bodies.description),
  ),
  route(
    "PUT",
    `${SEGMENT}/tags`,
    iam("UpdateSegmentTags", "segment"),
    segments.retagSegment,
    payload(bodies.tags),
  ),
  route("PUT", `${SEGMENT}/archive`, iam("ArchiveSegment", "segment"), segments.archiveSegment, optional),
  route("PUT", `${SEGMENT}/restore`, iam("RestoreSegment", "segment"), segments.restoreSegment, optional),
  route("DELETE", SEGMENT, iam("DeleteSegment", "segment"), segments.removeSegment, optional),
];

const projectRoutes: Route[] = [
  route("GET", "/projects", any, projects.listProjects),
  route(
    "POST",
    "/projects",
    iam("CreateProject", "new-project"),
    projects.createProject,
    request(bodies.project),
  ),
  route("GET", "/projects/:projectId", iam("CanAccessProject", "project"), projects.getProject),
  route(
    "POST",
    "/projects/:projectId/envs",
    iam("CreateEnv", "project"),
    projects.createEnvironment,
    request(bodies.environment),
  ),
  route("GET", "/projects/:projectId/envs/:envId", inEnv, projects.getEnvironment),
  route(
    "PUT",
    "/projects/:projectId/envs/:envId",
    iam("UpdateEnvSettings", "env"),
    projects.updateEnvironment,
    request(bodies.environment),
  ),
  route("GET", "/workspaces", any, projects.getWorkspace),
  route("GET", "/members", iam("CanManageIAM", "iam"), projects.listMembers),
  route("GET", "/groups", iam("CanManageIAM", "iam"), projects.listGroups),
];

const isKeyUsed: Handler = (call) => {
  const key = (call.query.get("key") ?? "").toLowerCase();
  return ok(
    call.world.flags.some((flag) => flag.envId === call.param("envId") && flag.key.toLowerCase() === key),
  );
};

/** No analytics server stands behind this one either. */
const noAnalytics: Handler = () => {
  throw serverError();
};

const auditRoutes: Route[] = [
  route("GET", "/envs/:envId/audit-logs", any, listAudits),
  route("POST", "/envs/:envId/audit-logs/compare", people, compareChange, request(bodies.compare)),
  route("GET", `${FLAGS}/is-key-used`, people, isKeyUsed),
  route("GET", `${FLAGS}/insights`, people, noAnalytics),
  route("POST", "/triggers/run/:token", { to: "anonymous" }, runTrigger),
  { method: "GET", path: "/health/liveness", access: { to: "anonymous" }, handle: healthy },
  { method: "GET", path: "/health/readiness", access: { to: "anonymous" }, handle: healthy },
];

const closed: Handler = () => empty(403);

/** What an access token meets beyond its reach. The screens behind it are not built: people get 403 too. */
const closedRoutes: Route[] = [
  ...(
    [
      ["GET", "/webhooks"],
      ["POST", "/webhooks"],
      ["GET", "/triggers"],
      ["POST", "/triggers"],
      ["GET", "/access-tokens"],
      ["POST", "/access-tokens"],
      ["POST", "/envs/:envId/end-users/search"],
      ["POST", "/envs/:envId/end-users/list"],
      ["POST", `${FLAGS}/copy-to-env-precheck/:envId`],
      ["POST", "/envs/:envId/secrets"],
      ["GET", "/organizations"],
      ["GET", "/user/profile"],
      ["GET", "/relay-proxies"],
      ["GET", "/envs/:envId/experiments"],
      ["GET", "/organizations/members"],
    ] as const
  ).map(([method, path]) => route(method, path, people, closed)),
  ...(
    [
      ["POST", `${FLAG}/schedules`],
      ["POST", `${FLAG}/change-requests`],
      ["PUT", `${FLAGS}/change-requests/:id/approve`],
      ["POST", `${FLAGS}/compare-overview`],
      ["GET", `${FLAG}/compare-with/:envId`],
      ["PUT", `${FLAG}/copy-settings-to/:envId`],
      ["POST", "/organizations"],
    ] as const
  ).map(([method, path]) => route(method, path, { to: "licensed" }, closed)),
];

export const apiRoutes: readonly Route[] = [
  ...flagRoutes,
  ...segmentRoutes,
  ...projectRoutes,
  ...auditRoutes,
  ...closedRoutes,
];

import { findEnv, findFlag, findSegment } from "./world.ts";
import type { Flag, Segment, Statement, World } from "./world.ts";

/** Allowed if something matches and everything that matches allows: deny wins, silence denies. */
export function isAllowed(permissions: readonly Statement[], action: string, resource: string): boolean {
  const matching = permissions.filter((statement) => statementMatches(statement, action, resource));
  return matching.length > 0 && matching.every((statement) => statement.effect === "allow");
}

function statementMatches(statement: Statement, action: string, resource: string): boolean {
  if (statement.resourceType === "*") return true;
  if (!statement.actions.some((candidate) => candidate === "*" || candidate === action)) return false;
  return statement.resources.some((pattern) => resourceMatches(pattern, resource));
}

/** A pattern with fewer `:` segments is a prefix; `;a,b` in a pattern asks for at least one of the tags. */
export function resourceMatches(pattern: string, resource: string): boolean {
  const wanted = pattern.split(":");
  const given = resource.split(":");
  if (wanted.length > given.length) return false;
  return wanted.every((part, index) => segmentMatches(part, given[index] ?? ""));
}

function segmentMatches(pattern: string, given: string): boolean {
  const [wantedName = "", wantedTags] = pattern.split(";");
  const [name = "", tags = ""] = given.split(";");
  const expression = wantedName
    .split("*")
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  if (!new RegExp(`^${expression}$`).test(name)) return false;
  if (!wantedTags) return true;
  const has = tags.split(",");
  return wantedTags.split(",").some((tag) => has.includes(tag));
}

function envResource(world: World, envId: string): string | undefined {
  const found = findEnv(world, envId);
  return found && `project/${found.project.key}:env/${found.env.key}`;
}

export const flagResource = (world: World, flag: Flag): string =>
  `${envResource(world, flag.envId)}:flag/${flag.key};${flag.tags.join(",")}`;

export const segmentResource = (world: World, segment: Segment): string =>
  `${envResource(world, segment.envId)}:segment/${segment.key};${segment.tags.join(",")}`;

export type Subject =
  "env" | "flag" | "new-flag" | "segment" | "new-segment" | "project" | "new-project" | "iam";

/** The resource a request is about; undefined if it cannot be named, which FeatBit answers with 403, not 404. */
export function resourceOf(
  subject: Subject,
  world: World,
  params: ReadonlyMap<string, string>,
): string | undefined {
  const envId = params.get("envId") ?? "";
  const env = envResource(world, envId);
  switch (subject) {
    case "iam":
      return "iam/*";
    case "new-project":
      return "project/*";
    case "project": {
      const project = world.projects.find((candidate) => candidate.id === params.get("projectId"));
      return `project/${project?.key ?? ""}`;
    }
    case "env":
      return env;
    case "new-flag":
      return env && `${env}:flag/*`;
    case "new-segment":
      return env && `${env}:segment/*`;
    case "flag": {
      const flag = findFlag(world, envId, params.get("key") ?? "");
      return flag && flagResource(world, flag);
    }
    case "segment": {
      const segment = findSegment(world, params.get("id") ?? "");
      return segment && segmentResource(world, segment);
    }
  }
}

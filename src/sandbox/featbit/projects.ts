import type { Call } from "./call.ts";
import { Failure, ok, serverError } from "./envelope.ts";
import { isBlank, keyCodes, nameCodes, refuse } from "./flags.ts";
import { newGuid, newRowId, newSecret } from "./guid.ts";
import { isAllowed } from "./iam.ts";
import { microsOf, toInstant, toStored } from "./instants.ts";
import { findEnv } from "./world.ts";
import type { Environment, Project } from "./world.ts";

/** Projects and environments the caller may access. Carries the SDK secrets. */
export function listProjects(call: Call) {
  const visible = call.world.projects.filter(({ key }) =>
    isAllowed(call.actor.permissions, "CanAccessProject", `project/${key}`),
  );
  return ok(visible.map((project) => visibleProject(call, project)));
}

export function getProject(call: Call) {
  const project = call.world.projects.find(({ id }) => id === call.param("projectId"));
  if (!project) throw serverError(); // not 404: the real server fails on the missing row
  return ok(visibleProject(call, project));
}

function visibleProject(call: Call, project: Project): Project {
  const environments = project.environments
    .filter(({ key }) =>
      isAllowed(call.actor.permissions, "CanAccessEnv", `project/${project.key}:env/${key}`),
    )
    .toSorted((a, b) => microsOf(b.createdAt) - microsOf(a.createdAt));
  return { id: project.id, name: project.name, key: project.key, environments };
}

export function createProject(call: Call) {
  const body = call.bodyAs<{ name?: string; key?: string }>();
  refuse([...nameCodes(body.name), ...keyCodes(body.key)]);
  requireFreeKey(call.world.projects, body.key ?? "");
  const project: Project = {
    id: newRowId(call.sandbox.now()),
    name: body.name ?? "",
    key: body.key ?? "",
    environments: [],
  };
  for (const name of ["Prod", "Dev"]) {
    project.environments.push(
      newEnvironment(project.id, { name, key: name.toLowerCase() }, call.sandbox.now()),
    );
  }
  const answer = structuredClone(project);
  for (const env of project.environments)
    Object.assign(env, { createdAt: toStored(env.createdAt), updatedAt: toStored(env.updatedAt) });
  call.world.projects.push(project);
  return ok(answer);
}

function requireFreeKey(taken: readonly { key: string }[], key: string): void {
  if (taken.some((other) => other.key.toLowerCase() === key.toLowerCase()))
    throw new Failure(422, "KeyHasBeenUsed");
}

export function newEnvironment(
  projectId: string,
  given: {
    id?: string;
    name: string;
    key: string;
    description?: string;
    serverSecret?: string;
    clientSecret?: string;
  },
  nowMs: number,
): Environment {
  const id = given.id ?? newGuid();
  const secret = (name: string, type: "server" | "client", value?: string) => ({
    id: newGuid(),
    name,
    type,
    value: value ?? newSecret(id),
  });
  const at = toInstant(nowMs);
  return {
    projectId,
    name: given.name,
    key: given.key,
    description: given.description ?? "",
    secrets: [
      secret("Server Key", "server", given.serverSecret),
      secret("Client Key", "client", given.clientSecret),
    ],
    settings: { requireChangeComment: false },
    createdAt: at,
    updatedAt: at,
    id,
  };
}

export function getEnvironment(call: Call) {
  const found = findEnv(call.world, call.param("envId"));
  if (!found) throw new Failure(404, "ResourceNotFound");
  return ok(withoutKey(found.env));
}

const withoutKey = ({ id, name, description, secrets, settings }: Environment) => ({
  id,
  name,
  description,
  secrets,
  settings,
});

export function createEnvironment(call: Call) {
  const body = call.bodyAs<{ name?: string; key?: string; description?: string }>();
  refuse([...nameCodes(body.name), ...keyCodes(body.key)]);
  const project = call.world.projects.find(({ id }) => id === call.param("projectId"));
  if (!project) throw serverError();
  requireFreeKey(project.environments, body.key ?? "");
  const given = { name: body.name ?? "", key: body.key ?? "", description: body.description ?? "" };
  const env = newEnvironment(project.id, given, call.sandbox.now());
  project.environments.push(env);
  return ok(withoutKey(env));
}

export function updateEnvironment(call: Call) {
  const body = call.bodyAs<{
    name?: string;
    description?: string;
    settings?: { requireChangeComment?: boolean };
  }>();
  refuse(isBlank(body.name) ? ["name_is_required"] : []);
  const found = findEnv(call.world, call.param("envId"));
  if (!found) throw new Failure(404, "ResourceNotFound");
  Object.assign(found.env, {
    name: body.name,
    description: body.description ?? "",
    settings: { requireChangeComment: body.settings?.requireChangeComment ?? false },
    updatedAt: toStored(toInstant(call.sandbox.now())),
  });
  return ok(withoutKey(found.env));
}

export const getWorkspace = (call: Call) =>
  ok({
    id: call.world.workspaceId,
    name: "Default Workspace",
    key: "default-workspace",
    license: null,
    sso: null,
  });

export function listMembers(call: Call) {
  const items = call.world.users.map(({ id, email, name }) => ({
    id,
    email,
    name,
    invitorId: null,
    initialPassword: null,
    groups: [],
  }));
  return ok({ totalCount: items.length, items });
}

export const listGroups = () => ok({ totalCount: 0, items: [] });

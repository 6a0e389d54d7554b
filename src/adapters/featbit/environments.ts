import { z } from "zod";
import { plainName } from "../../domain/flag/plain-text.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { EnvironmentKeys } from "../../domain/service.ts";
import type { RestClient } from "./rest-client.ts";
import { WireProject } from "./wire.ts";

const CACHED_MS = 60_000;

/**
 * Finds the GUID of an environment by keys. The list of projects is asked at most once a minute (it carries every
 * SDK secret, so less is better), and once more when a key is missing from it.
 * @throws OpsError `not_found` naming what is missing and what is there.
 */
export function createEnvironments(client: RestClient): (keys: EnvironmentKeys) => Promise<string> {
  let known: { projects: Promise<WireProject[]>; at: number } | null = null;

  async function projects(freshAfter: number): Promise<WireProject[]> {
    if (known === null || known.at < freshAfter) {
      const asked = { projects: readProjects(client), at: Date.now() };
      known = asked;
      asked.projects.catch(() => {
        if (known === asked) known = null;
      });
    }
    return known.projects;
  }

  return async (keys) => {
    const askedAt = Date.now();
    const found = find(await projects(askedAt - CACHED_MS), keys);
    if (typeof found === "string") return found;
    const again = find(await projects(askedAt), keys);
    if (typeof again === "string") return again;
    throw again;
  };
}

async function readProjects(client: RestClient): Promise<WireProject[]> {
  return (await client.get("/projects", {}, z.array(WireProject), "CanAccessProject")) ?? [];
}

function find(projects: readonly WireProject[], keys: EnvironmentKeys): string | OpsError {
  const project = projects.find(({ key }) => key === keys.project);
  if (project === undefined) {
    return missing(`project "${plainName(keys.project)}"`, projects, "CanAccessProject");
  }
  const environment = project.environments.find(({ key }) => key === keys.environment);
  if (environment !== undefined) return environment.id;
  const what = `environment "${plainName(keys.environment)}" in project "${plainName(keys.project)}"`;
  return missing(what, project.environments, "CanAccessEnv");
}

function missing(what: string, there: readonly { key: string }[], needs: string): OpsError {
  const keys = there.map(({ key }) => plainName(key)).join(", ") || "none";
  return new OpsError(
    "not_found",
    `FeatBit shows no ${what} to this token (it shows: ${keys}): correct the key, or grant ${needs} to the token.`,
  );
}

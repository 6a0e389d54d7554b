import { apiRoutes } from "./api-routes.ts";
import { runRoute } from "./api.ts";
import { Call } from "./call.ts";
import { matchRoute } from "./router.ts";
import type { Sandbox } from "./sandbox.ts";
import { actorNamed, envNamed } from "./seed.ts";
import { findFlag } from "./world.ts";
import type { Flag, Targeting, Variation } from "./world.ts";

/** A flag by `<project key>/<environment key>` and key. */
type FlagName = { env: string; key: string };

/**
 * Changes made from FeatBit's own screens, attributed to a person (or a token by name) and, if `at` is given, made then.
 * They take the same way through the API as any request; what the server refuses rejects with its status.
 */
export type Person = {
  toggle(flag: FlagName, on: boolean, comment?: string): Promise<Flag>;
  /** Members left out stay as they are. */
  retarget(flag: FlagName, targeting: Partial<Targeting>, comment?: string): Promise<Flag>;
  setOffVariation(flag: FlagName, variationId: string, comment?: string): Promise<Flag>;
  setVariations(flag: FlagName, variations: Variation[], comment?: string): Promise<Flag>;
  archive(flag: FlagName, comment?: string): Promise<Flag>;
  restore(flag: FlagName, comment?: string): Promise<Flag>;
  retargetSegment(
    env: string,
    segmentId: string,
    targeting: { included: string[]; excluded: string[]; rules: unknown[] },
    comment?: string,
  ): Promise<void>;
  /** Any other request, path from `/api/v1` on; answers `data`. */
  request(method: string, path: string, body?: unknown): Promise<unknown>;
};

export function createPerson(sandbox: Sandbox, name: string, at?: Date): Person {
  const actor = actorNamed(sandbox, name);

  async function request(method: string, path: string, body?: unknown): Promise<unknown> {
    const url = new URL(`http://sandbox/api/v1${path}`);
    const match = matchRoute(apiRoutes, method, url.pathname);
    if (match.kind !== "found") throw new Error(`the FeatBit sandbox has no ${method} ${path}`);
    const call = new Call({
      sandbox,
      server: "api",
      actor,
      params: match.params,
      query: url.searchParams,
      contentType: "application/json",
      rawBody: body === undefined ? "" : JSON.stringify(body),
      atMs: at?.getTime(),
    });
    const reply = await runRoute(match.route, call);
    if (reply.status !== 200)
      throw new Error(`${name}: ${method} ${path} answered ${reply.status}: ${reply.body ?? ""}`);
    const answer: { data?: unknown } | null = JSON.parse(reply.body ?? "null");
    return answer?.data;
  }

  const current = ({ env, key }: FlagName): Flag => {
    const flag = findFlag(sandbox.world, envNamed(sandbox, env).id, key);
    if (!flag) throw new Error(`there is no flag "${key}" in "${env}"`);
    return structuredClone(flag);
  };

  async function change(flag: FlagName, path: string, body: object, comment?: string): Promise<Flag> {
    const { envId, key } = current(flag);
    await request("PUT", `/envs/${envId}/feature-flags/${encodeURIComponent(key)}/${path}`, {
      ...body,
      ...(comment !== undefined && { comment }),
    });
    return current(flag);
  }

  return {
    request,
    toggle: (flag, on, comment) => change(flag, `toggle/${on}`, {}, comment),
    retarget(flag, targeting, comment) {
      const { revision, targetUsers, rules, fallthrough, exptIncludeAllTargets } = current(flag);
      const whole = { targetUsers, rules, fallthrough, exptIncludeAllTargets, ...targeting };
      return change(flag, "targeting", { revision, targeting: whole }, comment);
    },
    setOffVariation: (flag, offVariationId, comment) =>
      change(flag, "off-variation", { revision: current(flag).revision, offVariationId }, comment),
    setVariations: (flag, variations, comment) =>
      change(flag, "variations", { revision: current(flag).revision, variations }, comment),
    archive: (flag, comment) => change(flag, "archive", {}, comment),
    restore: (flag, comment) => change(flag, "restore", {}, comment),
    async retargetSegment(env, segmentId, targeting, comment) {
      const body = { ...targeting, ...(comment !== undefined && { comment }) };
      await request("PUT", `/envs/${envNamed(sandbox, env).id}/segments/${segmentId}/targeting`, body);
    },
  };
}

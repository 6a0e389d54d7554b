import { openRedisClient } from "./redis-backend.ts";

/** What Redis says of itself. Null: it does not let this user ask. */
export interface RedisFacts {
  version: string;
  appendOnly: string | null;
  appendFsync: string | null;
  evictionPolicy: string | null;
}

/** Reads settings; changes nothing. Throws `OpsError`. */
export async function probeRedis(url: string): Promise<RedisFacts> {
  await using opened = await openRedisClient(url);
  const { client } = opened;
  const info = String(await client.call("INFO"));
  const said = (name: string): string | null =>
    new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim() ?? null;
  const setting = async (name: string): Promise<string | null> => {
    // Managed servers refuse CONFIG; what INFO has stands for it then.
    const answer: unknown = await client.call("CONFIG", "GET", name).catch(() => null);
    return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : null;
  };
  const journal = said("aof_enabled");
  return {
    version: said("redis_version") ?? "unknown",
    appendOnly: (await setting("appendonly")) ?? (journal === null ? null : journal === "1" ? "yes" : "no"),
    appendFsync: await setting("appendfsync"),
    evictionPolicy: said("maxmemory_policy") ?? (await setting("maxmemory-policy")),
  };
}

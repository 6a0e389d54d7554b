import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

/** What rings the workers: the database itself, or Redis. */
export type Queue = { kind: "database" } | { kind: "redis"; url: Secret };

export function readQueue(variables: Variables): Queue {
  const url = variables.optionalSecret("REDIS_URL");
  if (url === null) return { kind: "database" };
  if (!/^rediss?(-cluster|-sentinel)?:\/\/./.test(url.reveal())) {
    variables.findings.push(
      "REDIS_URL must begin with redis://, rediss://, redis-cluster:// or redis-sentinel://; " +
        "correct it, or unset it to use the database as queue.",
    );
  }
  return { kind: "redis", url };
}

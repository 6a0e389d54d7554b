import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { createDoorbell } from "../../../src/adapters/queue/doorbell.ts";
import { openRedis, openRedisCluster, openRedisSentinel, redisBinary } from "../../support/redis.ts";
import { silent } from "./queues.ts";

const binary = redisBinary();

it.runIf(binary).each([
  ["one server", openRedis],
  ["a cluster", openRedisCluster],
  ["sentinels", openRedisSentinel],
])("rings through %s", async (...[, open]) => {
  await using redis = await open(binary ?? "");
  await using doorbell = await createDoorbell({ kind: "redis", url: redis.url }, silent);
  const heard = Promise.withResolvers<string>();
  await using _ = await doorbell.answer("verify", 1, async (subject) => heard.resolve(subject));
  await doorbell.ring("verify", "CHG-1");
  expect(await heard.promise).toBe("CHG-1");
});

it("says at the start which setting to look at when Redis is not there", async () => {
  await expect(createDoorbell({ kind: "redis", url: "redis://127.0.0.1:1" }, silent)).rejects.toThrow(
    /127\.0\.0\.1:1 cannot be used.*REDIS_URL/,
  );
});

it.runIf(binary)("says that waiting does not help when Redis refuses the password", async () => {
  await using redis = await openRedis(binary ?? "");
  const client = new Redis(redis.url);
  await client.config("SET", "requirepass", "right");
  client.disconnect();
  for (const url of [redis.url, redis.url.replace("//", "//:wrong@")]) {
    const refused = createDoorbell({ kind: "redis", url }, silent);
    await expect(refused).rejects.toMatchObject({ code: "unauthorized", retryable: false });
    await expect(refused).rejects.toThrow(/Check REDIS_URL/);
  }
});

it.runIf(binary)("fails a ring soon when Redis has gone", async () => {
  const redis = await openRedis(binary ?? "");
  await using doorbell = await createDoorbell({ kind: "redis", url: redis.url }, silent);
  await doorbell.ring("verify", "CHG-1");
  await redis[Symbol.asyncDispose]();
  const from = performance.now();
  await expect(doorbell.ring("verify", "CHG-2")).rejects.toMatchObject({ name: "OpsError", retryable: true });
  expect(performance.now() - from).toBeLessThan(2_500);
});

import { createHmac, type Hmac, randomUUID } from "node:crypto";
import type { PoolConfig } from "pg";
import { Pool as HttpPool } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDoor, type Door } from "../../../src/adapters/http/door.ts";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { CorrelationId, DeliveryId } from "../../../src/domain/ids.ts";
import { availableDatabases } from "../../support/databases.ts";
import { sourceOf } from "./open-door.ts";

/** One signed request, sent this many times at once: SIGNALMAN_REPLAYS, else 1,000. */
const times = Number(process.env["SIGNALMAN_REPLAYS"] ?? 1000);

const secret = "a-secret-of-the-tests-0123456789";
const body = JSON.stringify({ title: "Slow", status: "firing" });
const unlimited = { perSecond: 1_000_000, burst: 10_000_000 };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const server = new AsyncDisposableStack();
let connection: PoolConfig;
beforeAll(async () => {
  const [embedded] = availableDatabases();
  if (embedded === undefined) throw new Error("there is always the embedded one");
  connection = await server.use(await embedded.open()).database();
});
afterAll(() => server.disposeAsync());

/** Everything from the pool to the door, as a process of its own would start it. */
async function start(nowMs: number): Promise<AsyncDisposable & { door: Door; rows: () => Promise<number> }> {
  await using stack = new AsyncDisposableStack();
  const pool = createPool(connection, () => undefined);
  stack.defer(() => pool.end());
  await migrate(pool);
  const store = createStore(pool);
  const door = stack.use(
    await createDoor({
      host: "127.0.0.1",
      port: 0,
      sources: [
        sourceOf({ id: "standard", kind: "generic", auth: "standard_webhooks", rate: unlimited }, secret),
        sourceOf({ id: "grafana", kind: "grafana", rate: unlimited }, secret),
        sourceOf({ id: "github", kind: "github", rate: unlimited }, secret),
      ],
      inbox: store.inbox,
      newDeliveryId: () => DeliveryId.parse(randomUUID()),
      newCorrelationId: () => CorrelationId.parse(randomUUID()),
      clock: { now: () => nowMs, monotonic: () => performance.now() },
      log: silent,
    }),
  );
  const owned = stack.move();
  return {
    door,
    rows: async () => Number((await pool.query<{ n: string }>("select count(*) as n from inbox")).rows[0]?.n),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Sent {
  source: string;
  headers: Record<string, string>;
}

function hmac(text: string): Hmac {
  return createHmac("sha256", secret).update(text);
}

function signedRequests(seconds: number): Sent[] {
  return [
    {
      source: "standard",
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(seconds),
        "webhook-signature": `v1,${hmac(`msg_1.${seconds}.${body}`).digest("base64")}`,
      },
    },
    {
      source: "grafana",
      headers: {
        "x-grafana-alerting-signature": hmac(`${seconds}:${body}`).digest("hex"),
        "x-grafana-alerting-timestamp": String(seconds),
      },
    },
    { source: "github", headers: { "x-hub-signature-256": `sha256=${hmac(body).digest("hex")}` } },
  ];
}

async function statuses(door: Door, { source, headers }: Sent, count: number): Promise<Map<number, number>> {
  const http = new HttpPool(door.url, { connections: 100 });
  const found = new Map<number, number>();
  try {
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const answer = await http.request({
          path: `/webhooks/${source}`,
          method: "POST",
          // Not signed, and other each time: it makes no other delivery of it.
          headers: { "content-type": "application/json", "idempotency-key": String(index), ...headers },
          body,
        });
        await answer.body.dump();
        found.set(answer.statusCode, (found.get(answer.statusCode) ?? 0) + 1);
      }),
    );
  } finally {
    await http.close();
  }
  return found;
}

it("keeps one row of a delivery that comes a thousand times at once, and after a restart still one", async () => {
  const signedAt = Math.floor(Date.now() / 1000);
  const requests = signedRequests(signedAt);
  {
    await using app = await start(signedAt * 1000);
    for (const [index, request] of requests.entries()) {
      const started = performance.now();
      expect(await statuses(app.door, request, times)).toEqual(new Map([[202, times]]));
      const tookMs = Math.round(performance.now() - started);
      expect(await app.rows()).toBe(index + 1);
      process.stdout.write(
        `replay: ${request.source}, ${times} at once, all 202, 1 row, ${tookMs} ms, embedded PostgreSQL\n`,
      );
    }
  }
  await using again = await start(signedAt * 1000 + 300_000);
  for (const request of requests) {
    expect(await statuses(again.door, request, 20)).toEqual(new Map([[202, 20]]));
  }
  expect(await again.rows()).toBe(requests.length);
  process.stdout.write(
    `replay: after a restart, 300 s later, still ${requests.length} rows of as many deliveries\n`,
  );
});

it("takes a signed time of 300 seconds before and after, and none of 301", async () => {
  const signedAt = Math.floor(Date.now() / 1000);
  const [standard, grafana] = signedRequests(signedAt);
  if (standard === undefined || grafana === undefined) throw new Error("two are signed with a time");
  for (const [off, status] of [
    [-301, 401],
    [-300, 202],
    [300, 202],
    [301, 401],
  ] as const) {
    await using app = await start((signedAt + off) * 1000);
    for (const request of [standard, grafana]) {
      expect([off, request.source, await statuses(app.door, request, 1)]).toEqual([
        off,
        request.source,
        new Map([[status, 1]]),
      ]);
    }
  }
});

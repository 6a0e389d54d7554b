import { setTimeout as delay } from "node:timers/promises";
import { Client, type PoolConfig } from "pg";
import { describe, expect, it } from "vitest";
import { createDoorbell } from "../../../src/adapters/queue/doorbell.ts";
import { createFaultProxy } from "../../faults/harness/fault-proxy.ts";
import { availableDatabases } from "../../support/databases.ts";
import { until } from "../../support/until.ts";
import { silent } from "./queues.ts";

describe.each(availableDatabases())("doorbell on $title that falls silent", ({ open }) => {
  it("hears again after the connection on which it listens anew got no answer", async () => {
    await using stack = new AsyncDisposableStack();
    const database = await stack.use(await open()).database();
    const proxy = stack.use(await createFaultProxy(addressOf(database)));
    const connection: PoolConfig = {
      ...database,
      host: "127.0.0.1",
      port: Number(new URL(proxy.url).port),
      query_timeout: 500,
    };
    const doorbell = stack.use(await createDoorbell({ kind: "postgres", connection }, silent));
    const heard: string[] = [];
    stack.use(await doorbell.answer("tell", 1, async (subject) => void heard.push(subject)));
    await ringUntilHeard("before");

    proxy.arm({ kind: "hang" }, { match: /LISTEN/ });
    proxy.cut();
    await until("silence in answer to LISTEN", () => proxy.struck.some(({ kind }) => kind === "hang"));
    await ringUntilHeard("after");

    async function ringUntilHeard(subject: string): Promise<void> {
      await until(`${subject} to be heard`, async () => {
        await doorbell.ring("tell", subject).catch(() => undefined); // the sweeper does the same
        await delay(100);
        return heard.includes(subject);
      });
    }
    expect(heard).toContain("after");
  });
});

function addressOf(database: PoolConfig): string {
  const { host, port, user, database: name } = new Client(database);
  return `postgresql://${user ?? ""}@127.0.0.1:${port}/${name ?? ""}?host=${encodeURIComponent(host)}`;
}

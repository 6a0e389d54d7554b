import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverHome } from "../../../src/adapters/postgres/embedded/server-home.ts";
import { expectAuditPasses } from "../../support/ledger-check.ts";
import { openRedis, redisBinary, type TestRedis } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { type Intake, openIntake, post, secretOf, variableOf } from "./open-intake.ts";

const binary = redisBinary();

describe.skipIf(binary === undefined)("what is behind the door is away", () => {
  const undo = new AsyncDisposableStack();
  let redis: TestRedis;
  let intake: Intake;
  let sent = 0;

  beforeAll(async () => {
    redis = await openRedis(binary ?? "");
    undo.defer(() => redis[Symbol.asyncDispose]());
    const source = { id: "own", kind: "generic", secretEnv: variableOf("own") };
    intake = undo.use(await openIntake({ quiet: true, sources: [source], env: { REDIS_URL: redis.url } }));
  }, 60_000);
  afterAll(() => undo.disposeAsync());

  const send = () => {
    sent += 1;
    const body = { title: "Orders fail", status: "firing", fingerprint: `orders ${sent}` };
    return post(intake.doorOf("own"), JSON.stringify(body), {
      "content-type": "application/json",
      authorization: `Bearer ${secretOf("own")}`,
    });
  };

  it("takes alerts without the queue, and works on them once it is back, though every ring was lost", async () => {
    await redis[Symbol.asyncDispose]();
    const correlationIds: string[] = [];
    const startedAt = performance.now();
    for (let nth = 0; nth < 20; nth += 1) {
      const { status, correlationId } = await send();
      expect(status).toBe(202);
      correlationIds.push(correlationId);
    }
    const takenMs = Math.round(performance.now() - startedAt);
    const { rows } = await intake.pool.query("select 1 from inbox where outcome is null");
    expect(rows).toHaveLength(20);

    redis = await openRedis(binary ?? "", [], redis.port);
    const backAt = performance.now();
    const ended = await intake.endsOf(correlationIds);
    const drainedMs = Math.round(performance.now() - backAt);
    expect(new Set(ended.map(({ outcome }) => outcome))).toEqual(new Set(["joined"]));
    await intake.play.cardWith("Orders fail", 20_000);
    process.stdout.write(
      `without Redis: 20 of 20 accepted in ${takenMs} ms; all in their incident ${drainedMs} ms after its return\n`,
    );
  }, 60_000);

  it("answers 503 with Retry-After without the store, and loses nothing that it took", async () => {
    const home = await serverHome(join(intake.folder, "data"), () => undefined);
    const pid = Number(readFileSync(join(home.data, "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    const answers: { status: number; correlationId: string }[] = [];
    await until(
      "alerts to be taken again after a refusal",
      async () => {
        const { status, headers, correlationId, answer } = await send();
        expect([202, 503], answer).toContain(status);
        if (status === 503) {
          expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
          expect(headers.get("content-type")).toBe("application/problem+json");
        }
        answers.push({ status, correlationId });
        return status === 202 && answers.some((each) => each.status === 503);
      },
      { timeoutMs: 30_000, seen: intake.signalman.log },
    );
    const taken = answers.filter(({ status }) => status === 202);
    const ended = await intake.endsOf(taken.map(({ correlationId }) => correlationId));
    expect(new Set(ended.map(({ outcome }) => outcome))).toEqual(new Set(["joined"]));
    // Nor did anything get in that was refused.
    const { rows } = await intake.pool.query<{ count: number }>("select count(*)::int as count from inbox");
    expect(rows).toEqual([{ count: 20 + taken.length }]);
    await expectAuditPasses(intake.folder, { REDIS_URL: redis.url });
    process.stdout.write(
      `without the store: ${answers.length - taken.length} answered 503, ${taken.length} taken\n`,
    );
  }, 60_000);

  it("stops at once after all this", async () => {
    const stoppingAt = performance.now();
    await intake.signalman[Symbol.asyncDispose]();
    expect(performance.now() - stoppingAt).toBeLessThan(5_000);
  }, 30_000);
});

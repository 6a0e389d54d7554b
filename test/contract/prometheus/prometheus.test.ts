import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPrometheus } from "../../../src/adapters/prometheus/prometheus.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import {
  createPrometheusSandbox,
  type PrometheusSandbox,
} from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";

const start = Date.parse("2026-03-01T12:00:00.000Z");
const [from, to] = [toInstant(start), toInstant(start + 60_000)];

let sandbox: PrometheusSandbox;
beforeEach(async () => {
  sandbox = await createPrometheusSandbox({ auth: { kind: "bearer", token: "secret-token" } });
  for (let at = start - 60_000; at <= start + 60_000; at += 5_000) {
    sandbox.store.append("up", { pod: "a" }, 1, at);
    sandbox.store.append("up", { pod: "b" }, at < start + 30_000 ? 0 : 1, at);
  }
});
afterEach(() => sandbox[Symbol.asyncDispose]());

const connect = (more: Partial<Parameters<typeof createPrometheus>[0]> = {}) =>
  createPrometheus({
    url: `${sandbox.url}/`,
    auth: { kind: "bearer", token: "secret-token" },
    timeoutMs: 2_000,
    ...more,
  });

async function failure(work: Promise<unknown>): Promise<OpsError> {
  const error: unknown = await work.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OpsError)) throw error;
  expect(error.message).not.toContain("secret-token");
  return error;
}

describe("Prometheus", () => {
  test("answers series with labels and points in milliseconds, asked by POST", async () => {
    const series = await connect().range("up", from, to, 10_000);
    expect(series.map(({ labels }) => labels)).toEqual(
      expect.arrayContaining([
        { __name__: "up", pod: "a" },
        { __name__: "up", pod: "b" },
      ]),
    );
    expect(series[0]?.points).toHaveLength(7);
    expect(series[0]?.points[0]).toEqual([start, 1]);
    expect(sandbox.requests).toEqual([
      { method: "POST", path: "/api/v1/query_range", query: "up", status: 200 },
    ]);
  });

  test("leaves out NaN and infinities, and gives no series for nothing", async () => {
    const [ratio] = await connect().range(
      'up{pod="a"} / up{pod="none"} or up{pod="a"} / (up{pod="a"} - 1)',
      from,
      to,
      10_000,
    );
    expect(ratio?.points).toEqual([]);
    expect(await connect().range("nothing_here", from, to, 10_000)).toEqual([]);
  });

  test("basic authentication", async () => {
    await using other = await createPrometheusSandbox({
      auth: { kind: "basic", username: "me", password: "pw:1" },
    });
    const auth = { kind: "basic", user: "me", password: "pw:1" } as const;
    expect(await connect({ url: other.url, auth }).range("up", from, to, 10_000)).toEqual([]);
  });

  test("a refused credential names the variable to check", async () => {
    const error = await failure(connect({ auth: { kind: "none" } }).range("up", from, to, 10_000));
    expect(error).toMatchObject({ code: "unauthorized", retryable: false });
    expect(error.message).toContain("PROMETHEUS_TOKEN");
  });

  test("a wrong query is refused in Prometheus' own words", async () => {
    const error = await failure(connect().range("sum(", from, to, 10_000));
    expect(error).toMatchObject({ code: "rejected", retryable: false });
    expect(error.message).toMatch(/refused the query: .*pars/);
  });

  test("failing, silent, cut off, absent and strange servers are told apart", async () => {
    const range = () => connect({ timeoutMs: 200 }).range("up", from, to, 10_000);
    sandbox.faults.arm({ kind: "status", status: 503 });
    expect(await failure(range())).toMatchObject({ code: "server_error", retryable: true });
    sandbox.faults.arm({ kind: "hang" });
    expect(await failure(range())).toMatchObject({ code: "timeout", retryable: true });
    sandbox.faults.arm({ kind: "drop" });
    expect(await failure(range())).toMatchObject({ code: "unreachable", retryable: true });
    sandbox.faults.arm({ kind: "status", status: 200, body: "<html>sign in</html>" });
    expect(await failure(range())).toMatchObject({ code: "bad_answer" });
    sandbox.faults.arm({ kind: "status", status: 302, headers: { location: "http://attacker.example" } });
    expect(await failure(range())).toMatchObject({ code: "unreachable" });
    const absent = connect({ url: "http://127.0.0.1:1" }).range("up", from, to, 10_000);
    expect(await failure(absent)).toMatchObject({ code: "unreachable" });
  });

  test("too many series, points and bytes are refused with the remedy", async () => {
    for (let pod = 0; pod < 300; pod += 1) sandbox.store.append("many", { pod: String(pod) }, 1, start);
    expect((await failure(connect().range("many", from, to, 10_000))).message).toContain("aggregate");

    const values = Array.from({ length: 11_001 }, (_, index) => [index, "1"]);
    const data = { resultType: "matrix", result: [{ metric: {}, values }] };
    sandbox.faults.arm({ kind: "status", status: 200, body: JSON.stringify({ status: "success", data }) });
    expect((await failure(connect().range("up", from, to, 10_000))).message).toContain("points a series");

    const endless = createServer((_, response) => {
      const chunk = " ".repeat(1_000_000);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) continue;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    await new Promise<void>((resolve) => endless.listen(0, "127.0.0.1", resolve));
    const address = endless.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const flood = connect({ url: `http://127.0.0.1:${address.port}`, timeoutMs: 10_000 });
    expect((await failure(flood.range("up", from, to, 10_000))).message).toContain("more than 16 MB");
    endless.closeAllConnections();
    await new Promise((resolve) => endless.close(resolve));
  });
});

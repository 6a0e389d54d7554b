import { expect, test } from "vitest";
import { createPrometheusSandbox } from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";

test("health, build, labels and unknown paths", async () => {
  await using prometheus = await createPrometheusSandbox();
  prometheus.store.append("up", { job: "x" }, 1, 1_000);
  expect(await (await fetch(`${prometheus.url}/-/healthy`)).text()).toBe("Prometheus Server is Healthy.\n");
  expect(await (await fetch(`${prometheus.url}/api/v1/labels`)).json()).toEqual({
    status: "success",
    data: ["__name__", "job"],
  });
  expect(await (await fetch(`${prometheus.url}/api/v1/status/buildinfo`)).json()).toMatchObject({
    status: "success",
  });
  expect((await fetch(`${prometheus.url}/api/v1/nothing`)).status).toBe(404);
  expect((await fetch(`${prometheus.url}/api/v1/query`, { method: "DELETE" })).status).toBe(405);
});

test.each([
  [{ kind: "bearer", token: "t0ken" } as const, "Bearer t0ken"],
  [{ kind: "basic", username: "u", password: "p" } as const, "Basic dTpw"],
])("credentials: %j", async (auth, authorization) => {
  await using prometheus = await createPrometheusSandbox({ auth });
  const url = `${prometheus.url}/api/v1/query?query=1`;
  const refused = await fetch(url);
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).not.toBeNull();
  expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
});

test("faults: a status, a late answer, silence and a cut connection, then health again", async () => {
  await using prometheus = await createPrometheusSandbox();
  const url = `${prometheus.url}/api/v1/query?query=1`;

  prometheus.faults.arm({ kind: "status", status: 503 });
  const unavailable = await fetch(url);
  expect(unavailable.status).toBe(503);
  expect(await unavailable.json()).toEqual({
    status: "error",
    errorType: "unavailable",
    error: "TSDB not ready",
  });

  prometheus.faults.arm({ kind: "delay", delayMs: 60 });
  const before = performance.now();
  expect((await fetch(url)).status).toBe(200);
  expect(performance.now() - before).toBeGreaterThan(50);

  prometheus.faults.arm({ kind: "hang" });
  await expect(fetch(url, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/i);

  prometheus.faults.arm({ kind: "drop" }, { path: "/query", times: Infinity });
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  expect((await fetch(`${prometheus.url}/-/healthy`)).status).toBe(200);
  prometheus.faults.clear();
  expect((await fetch(url)).status).toBe(200);
  expect(prometheus.requests.map(({ status }) => status)).toEqual([503, 200, 0, 0, 200, 200]);
});

test("samples out of order are refused like a real database refuses them", async () => {
  await using prometheus = await createPrometheusSandbox();
  prometheus.store.append("up", {}, 1, 2_000);
  expect(() => prometheus.store.append("up", {}, 1, 2_000)).toThrow("out of order sample for up");
});

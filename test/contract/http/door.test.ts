import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { maxBodyBytes } from "../../../src/adapters/http/take-delivery.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { answerOf, bearerSecret, openDoor, sign, sourceOf } from "./open-door.ts";

const body = '{"title":"Slow","status":"firing"}';
const problem = "application/problem+json";

describe("what is accepted", () => {
  it("is answered 202 with a correlation id, and its exact bytes are kept", async () => {
    await using open = await openDoor();
    const text = `  {"n":1502709956288000110, "t":"\\u0000 ü"}\n`;
    const answer = await open.post("/webhooks/plain", text);
    expect(answer).toMatchObject({ status: 202, type: "application/json", json: { correlationId: "cor-1" } });
    expect(open.inbox.kept).toEqual([
      expect.objectContaining({ sourceId: "plain", correlationId: "cor-1", deliveryKey: null, headers: {} }),
    ]);
    expect(Buffer.from(open.inbox.kept[0]?.body ?? []).toString()).toBe(text);
  });

  it("is answered only after the commit", async () => {
    await using open = await openDoor();
    const { promise, resolve } = Promise.withResolvers<void>();
    open.inbox.before = () => promise;
    let answered = false;
    const answer = open.post("/webhooks/plain", body).finally(() => (answered = true));
    await sleep(100);
    expect([answered, open.inbox.kept]).toEqual([false, []]);
    resolve();
    expect((await answer).status).toBe(202);
  });

  it("may be signed instead, in the declared header, with or without sha256=", async () => {
    await using open = await openDoor();
    const signature = sign(body);
    const sent = [
      open.post("/webhooks/signed", body, { authorization: "", "x-signalman-signature": signature }),
      open.post("/webhooks/signed?x=1", body, { "x-signalman-signature": signature.slice(7) }),
      open.post("/webhooks/hub", body, { "x-hub-signature-256": signature }),
    ];
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([202, 202, 202]);
  });

  it.each([
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/cloudevents+json",
  ])("may be called %s", async (type) => {
    await using open = await openDoor();
    expect((await open.post("/webhooks/plain", body, { "content-type": type })).status).toBe(202);
  });

  it("may come in chunks, and after asking first", async () => {
    await using open = await openDoor();
    const head = `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\n`;
    const chunked = await open.raw(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n`);
    expect(chunked).toMatch(/^HTTP\/1.1 202 /);
    expect(Buffer.from(open.inbox.kept[0]?.body ?? []).toString()).toBe("[1]");
    const asked = await open.raw(`${head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`);
    expect(asked).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 /);
  });

  it("may be as large as the limit", async () => {
    await using open = await openDoor();
    const text = `"${"x".repeat(maxBodyBytes - 2)}"`;
    expect((await open.post("/webhooks/plain", text)).status).toBe(202);
  });
});

describe("a redelivery", () => {
  it.each(["X-Signalman-Delivery", "Idempotency-Key", "webhook-id"])("is known by %s", async (header) => {
    await using open = await openDoor();
    const first = await open.post("/webhooks/plain", body, { [header]: "d1" });
    const again = await open.post("/webhooks/plain", body, { [header]: "d1" });
    expect(first.json).toEqual({ correlationId: "cor-1" });
    expect(again).toMatchObject({ status: 202, json: { correlationId: "cor-1", duplicate: true } });
    expect(open.inbox.kept).toHaveLength(1);
  });

  it("is not assumed from equal bytes: Alertmanager repeats them to say that it still burns", async () => {
    await using open = await openDoor();
    for (const _ of [1, 2])
      expect((await open.post("/webhooks/plain", body)).json).not.toHaveProperty("duplicate");
    expect(open.inbox.kept).toHaveLength(2);
  });

  it("is not assumed from an id that now comes with other bytes: no alert is lost to a sloppy sender", async () => {
    await using open = await openDoor();
    await open.post("/webhooks/plain", body, { "idempotency-key": "d1" });
    await open.post("/webhooks/plain", `${body} `, { "idempotency-key": "d1" });
    expect(open.inbox.kept).toHaveLength(2);
  });
});

describe("what is refused", () => {
  const cases: [string, number, string, () => [string, string, Record<string, string>?]][] = [
    ["an unknown source", 404, "not-found", () => ["/webhooks/nobody", body]],
    ["a source below another", 404, "not-found", () => ["/webhooks/plain/x", body]],
    ["another path", 404, "not-found", () => ["/webhooks", body]],
    ["no credential", 401, "unauthorized", () => ["/webhooks/plain", body, { authorization: "" }]],
    [
      "another credential",
      401,
      "unauthorized",
      () => ["/webhooks/plain", body, { authorization: "Bearer x" }],
    ],
    [
      "another scheme",
      401,
      "unauthorized",
      () => ["/webhooks/plain", body, { authorization: `Basic ${bearerSecret}` }],
    ],
    ["a bearer secret where a signature is due", 401, "unauthorized", () => ["/webhooks/signed", body]],
    [
      "a signature in the wrong header",
      401,
      "unauthorized",
      () => ["/webhooks/hub", body, { "x-signalman-signature": sign(body) }],
    ],
    [
      "a signature of another body",
      401,
      "unauthorized",
      () => ["/webhooks/signed", body, { "x-signalman-signature": sign(`${body} `) }],
    ],
    [
      "a signature of another secret",
      401,
      "unauthorized",
      () => ["/webhooks/signed", body, { "x-signalman-signature": sign(body, "other") }],
    ],
    [
      "a signature in capitals",
      401,
      "unauthorized",
      () => ["/webhooks/signed", body, { "x-signalman-signature": sign(body).toUpperCase() }],
    ],
    [
      "no JSON type",
      415,
      "unsupported-media-type",
      () => ["/webhooks/plain", body, { "content-type": "text/plain" }],
    ],
    [
      "another charset",
      415,
      "unsupported-media-type",
      () => ["/webhooks/plain", body, { "content-type": "application/json; charset=latin1" }],
    ],
    [
      "a compressed body",
      415,
      "unsupported-content-encoding",
      () => ["/webhooks/plain", body, { "content-encoding": "gzip" }],
    ],
    ["an empty body", 400, "malformed", () => ["/webhooks/plain", ""]],
    ["bad JSON", 400, "malformed", () => ["/webhooks/plain", "{'a':1}"]],
    ["deep JSON", 422, "too-deep", () => ["/webhooks/plain", "[".repeat(65) + "]".repeat(65)]],
    [
      "a byte too many",
      413,
      "body-too-large",
      () => ["/webhooks/plain", `"${"x".repeat(maxBodyBytes - 1)}"`],
    ],
  ];

  it.each(cases)("%s: %i %s, as a problem", async (_, status, code, input) => {
    await using open = await openDoor();
    const answer = await open.post(...input());
    expect(answer).toMatchObject({
      status,
      type: problem,
      json: {
        type: `urn:signalman:problem:${code}`,
        status,
        title: expect.any(String),
        detail: expect.any(String),
      },
    });
    expect(answer.headers.has("www-authenticate")).toBe(status === 401);
    expect(open.inbox.kept).toEqual([]);
    expect(JSON.stringify(open.lines)).not.toMatch(/nobody|Bearer|hmac-secret|bearer-secret/);
  });

  it("other methods: 405 that names the right one", async () => {
    await using open = await openDoor();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await answerOf(await fetch(`${open.door.url}/webhooks/plain`, { method }));
      expect(answer).toMatchObject({ status: 405, type: problem });
      expect(answer.headers.get("allow")).toBe("POST");
    }
  });

  it.each([
    ["Authorization", "plain", `Bearer ${bearerSecret}`],
    ["X-Signalman-Signature", "signed", sign(body)],
  ])("a repeated %s, even when both are right", async (name, source, value) => {
    await using open = await openDoor();
    const head = `POST /webhooks/${source} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const once = `${name}: ${value}\r\n`;
    expect(await open.raw(`${head}${once}\r\n${body}`)).toMatch(/^HTTP\/1.1 202 /);
    expect(await open.raw(`${head}${once}${once}\r\n${body}`)).toMatch(/^HTTP\/1.1 401 /);
  });

  it("a body without an end: 413 once it is too large, and the connection ends", async () => {
    await using open = await openDoor();
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const answer = await open.raw(
      `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
      { every: 5, send: () => chunk },
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*body-too-large/i);
    expect(open.inbox.kept).toEqual([]);
  });

  it("a body announced as too large: 413 before any of it is read", async () => {
    await using open = await openDoor();
    const answer = await open.raw(
      `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\nExpect: 100-continue\r\nContent-Length: ${maxBodyBytes + 1}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it("slow heads and slow bodies: 408 when their time is up", async () => {
    await using open = await openDoor({ timeouts: { headMs: 200, requestMs: 400 } });
    const slowBody = `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\nContent-Length: 1000\r\n\r\n`;
    const slow = Array.from({ length: 20 }, () => open.raw(slowBody, { every: 20, send: () => "[" }));
    const started = performance.now();
    expect(await open.raw("POST /webhooks/plain HTTP/1.1\r\n", { every: 20, send: () => "x" })).toMatch(
      /^HTTP\/1.1 4/,
    );
    for (const answer of await Promise.all(slow))
      expect(answer).toMatch(/^HTTP\/1.1 408 [^]*request-timeout/);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(open.inbox.kept).toEqual([]);
  });

  it("what is not HTTP: 400", async () => {
    await using open = await openDoor();
    expect(await open.raw("\u0000\u0001\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [^]*bad-request/);
    expect(await open.raw(`GET /livez HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });
});

describe("when the store fails", () => {
  it("503 with Retry-After; and it takes the delivery when it comes back", async () => {
    await using open = await openDoor();
    open.inbox.before = () => Promise.reject(new OpsError("unreachable", "no database"));
    const answer = await open.post("/webhooks/plain", body);
    expect(answer).toMatchObject({ status: 503, type: problem });
    expect(answer.headers.get("retry-after")).toBe("5");
    open.inbox.before = () => Promise.reject(new OpsError("rate_limited", "full", { retryAfterMs: 1200 }));
    expect((await open.post("/webhooks/plain", body)).headers.get("retry-after")).toBe("2");
    expect(open.inbox.kept).toEqual([]);
    open.inbox.before = () => Promise.resolve();
    expect((await open.post("/webhooks/plain", body)).status).toBe(202);
  });

  it("a bug is a 500 that tells nothing outside and everything in the log", async () => {
    await using open = await openDoor();
    open.inbox.before = () => Promise.reject(new Error("inner detail"));
    const answer = await open.post("/webhooks/plain", body);
    expect(answer).toMatchObject({ status: 500, type: problem });
    expect(JSON.stringify(answer.json)).not.toContain("inner detail");
    expect(open.lines).toEqual([
      expect.objectContaining({ level: "error", fields: expect.objectContaining({ errorClass: "bug" }) }),
    ]);
  });
});

describe("probes", () => {
  it("tell alive from ready, to anybody, and ask the database once a second at most", async () => {
    let asked = 0;
    let reasons: string[] = [];
    await using open = await openDoor({
      readiness: () => {
        asked += 1;
        return Promise.resolve(reasons);
      },
    });
    const get = async (path: string, method = "GET") =>
      answerOf(await fetch(open.door.url + path, { method }));
    expect(await get("/livez")).toMatchObject({ status: 200, json: { status: "ok" } });
    const many = await Promise.all(Array.from({ length: 20 }, () => get("/readyz")));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    expect(asked).toBe(1);
    expect(await get("/readyz", "HEAD")).toMatchObject({ status: 200, json: {} });
    expect(await get("/readyz", "POST")).toMatchObject({ status: 405 });
    reasons = ["the database does not answer"];
    await sleep(1050);
    expect(await get("/readyz")).toMatchObject({ status: 503, json: { status: "not_ready", reasons } });
    expect(await get("/livez")).toMatchObject({ status: 200 });
  });

  it("is not ready while the check fails or hangs, and tells nobody why in detail", async () => {
    await using failing = await openDoor({ readiness: () => Promise.reject(new Error("password wrong")) });
    await using hanging = await openDoor({ readiness: () => new Promise(() => undefined) });
    expect(await answerOf(await fetch(`${failing.door.url}/readyz`))).toMatchObject({
      status: 503,
      json: { reasons: ["the check failed"] },
    });
    expect(await answerOf(await fetch(`${hanging.door.url}/readyz`))).toMatchObject({
      status: 503,
      json: { reasons: ["no answer within 2000 ms"] },
    });
  });
});

describe("opening and closing", () => {
  it("says which address is taken", async () => {
    await using open = await openDoor();
    await expect(openDoor({ port: open.door.port })).rejects.toThrow(
      `Webhooks cannot come in at 127.0.0.1:${open.door.port}: something else listens there. Change server.host or server.port in signalman.yml.`,
    );
  });

  it("does not start with a source without a secret", async () => {
    const sources = [sourceOf({ id: "bare", kind: "generic" }, "")];
    await expect(openDoor({ sources })).rejects.toThrow('The source "bare" has no secret');
  });

  it("lets what is in hand end, then is closed to all", async () => {
    const open = await openDoor();
    const { promise, resolve } = Promise.withResolvers<void>();
    open.inbox.before = () => promise;
    const answer = open.post("/webhooks/plain", body);
    await sleep(50);
    const closed = open.door[Symbol.asyncDispose]();
    setTimeout(resolve, 100);
    expect((await answer).status).toBe(202);
    const started = performance.now();
    await closed;
    expect(performance.now() - started).toBeLessThan(1000);
    await expect(fetch(`${open.door.url}/livez`)).rejects.toThrow("fetch failed");
  });

  it("cuts what does not end in time", async () => {
    const open = await openDoor({ timeouts: { closeMs: 100 } });
    const request = httpRequest(`${open.door.url}/webhooks/plain`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${bearerSecret}` },
    });
    const cut = new Promise((resolve) => request.on("error", resolve));
    request.write("[");
    await sleep(50);
    await open.door[Symbol.asyncDispose]();
    expect(await cut).toBeInstanceOf(Error);
    expect(open.inbox.kept).toEqual([]);
  });
});

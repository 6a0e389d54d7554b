import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createEnvironments } from "../../../src/adapters/featbit/environments.ts";
import { createRestClient } from "../../../src/adapters/featbit/rest-client.ts";
import { type CannedServer, createCannedServer, json, ok } from "./canned-server.ts";

let server: CannedServer;
beforeAll(async () => {
  server = await createCannedServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.next.length = 0;
  server.asked.length = 0;
});

const client = () =>
  createRestClient({
    apiUrl: `${server.url}/`,
    token: " api-secret ",
    tokenSetting: "FEATBIT_READ_TOKEN",
    timeoutMs: 150,
    maxBytes: 1_000,
  });
const html = { status: 200, headers: { "content-type": "text/html" }, body: "<html>" };
const whole = JSON.stringify({ success: true, errors: [], data: "x" });
const type = { "content-type": "application/json" };

const hostile: [string, CannedServer["next"][number], string, RegExp][] = [
  ["a web page", html, "bad_answer", /not its web console/],
  ["no content type", { status: 200, headers: {}, body: whole }, "bad_answer", /not JSON/],
  [
    "half of the JSON",
    { status: 200, headers: type, body: whole.slice(0, 20) },
    "bad_answer",
    /not complete JSON/,
  ],
  ["no envelope", json(["x"]), "bad_answer", /no FeatBit envelope/],
  ["an unexpected shape", ok({ secret: "s3cret" }), "bad_answer", /not in the form of FeatBit 5\.4/],
  ["success false", json({ success: false, errors: ["Nope"], data: null }), "rejected", /Nope/],
  ["more than the cap", ok("y".repeat(2_000)), "bad_answer", /larger than 1000 bytes/],
  [
    "a redirect",
    { status: 307, headers: { location: "http://127.0.0.1:1/" }, body: "" },
    "misconfigured",
    /redirect/,
  ],
  [
    "a body shorter than announced",
    (_, response) => {
      response.writeHead(200, { ...type, "content-length": "500" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    },
    "bad_answer",
    /cut off/,
  ],
  ["a connection cut at once", (request) => request.socket.destroy(), "unreachable", /could not be reached/],
  ["no answer", () => undefined, "timeout", /within 150 ms/],
  [
    "a body that never ends",
    (_, response) => {
      response.writeHead(200, type);
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    },
    "timeout",
    /within 150 ms/,
  ],
  [
    "503 from a proxy",
    { status: 503, headers: { "retry-after": "3" }, body: "<html>" },
    "server_error",
    /failed/,
  ],
  ["a teapot", { status: 418, headers: {}, body: "" }, "bad_answer", /should not give/],
];

test.each(hostile)("%s", async (_name, answer, code, words) => {
  server.next.push(answer);
  const failure: unknown = await client()
    .get("/thing", {}, z.string())
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "OpsError", code, message: expect.stringMatching(words) });
  expect(String(failure)).not.toMatch(/secret|s3cret/);
  expect(String(failure)).toContain("GET /api/v1/thing");
});

const wait = async (value: string) => {
  server.next.push({ status: 429, headers: { "retry-after": value }, body: "" });
  return client()
    .get("/thing", {}, z.string())
    .catch((error: unknown) => error);
};

test("how long to wait: seconds, a date, nonsense", async () => {
  expect(await wait("7")).toMatchObject({ code: "rate_limited", retryable: true, retryAfterMs: 7_000 });
  const date = await wait(new Date(Date.now() + 5_000).toUTCString());
  expect(z.object({ retryAfterMs: z.number().min(2_000).max(5_000) }).safeParse(date).success).toBe(true);
  expect(await wait("soon")).toMatchObject({ retryAfterMs: undefined });
});

test("the token goes raw, and only there", async () => {
  server.next.push(ok("x"));
  expect(await client().get("/thing", { tags: ["a b", "c"], to: 1 }, z.string())).toBe("x");
  expect(server.asked).toEqual([
    { method: "GET", path: "/api/v1/thing?tags=a+b&tags=c&to=1", authorization: "api-secret", body: "" },
  ]);
});

test.each(["Bearer api-x", "", "api-\nx", "api-ü"])("not a token: %j", (token) => {
  expect(() => createRestClient({ apiUrl: server.url, token, tokenSetting: "FEATBIT_WRITE_TOKEN" })).toThrow(
    /^FEATBIT_WRITE_TOKEN is not an access token/,
  );
});

test.each(["flags.example.com", "ftp://x", "https://user:pw@x", ""])("not an address: %j", (apiUrl) => {
  expect(() => createRestClient({ apiUrl, token: "api-x", tokenSetting: "T" })).toThrow(/^FEATBIT_API_URL/);
});

test("projects: the secrets in the answer reach no error, and a failed answer is not kept", async () => {
  const find = createEnvironments(client());
  const secret = "AAAAsErVeRpLaCe";
  const projects = [{ key: "shop", environments: [{ id: "e1", key: "prod", secrets: [{ value: secret }] }] }];
  server.next.push(ok([{ secrets: secret, environments: 7 }]));
  const failure: unknown = await find({ project: "shop", environment: "prod" }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: "bad_answer" });
  expect(String(failure)).not.toContain(secret);
  server.next.push(ok(projects), ok(projects));
  expect(await find({ project: "shop", environment: "prod" })).toBe("e1");
  expect(await find({ project: "shop", environment: "prod" })).toBe("e1");
  expect(server.asked).toHaveLength(2);
});

import { once } from "node:events";
import { connect, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createLoopbackServer, type LoopbackServer } from "../../../src/sandbox/loopback-server.ts";
import { until } from "../../support/until.ts";
import type { Aim, Fault } from "./armed-faults.ts";
import { createFaultProxy, type FaultProxy } from "./fault-proxy.ts";

/** How long is waited for what never comes, and for what does. */
const hangsMs = 300;
const patienceMs = 10_000;

describe("before an HTTP server", () => {
  let effects: string[];
  let server: LoopbackServer;
  let proxy: FaultProxy;
  beforeEach(async () => {
    effects = [];
    server = await createLoopbackServer(async (request, response) => {
      effects.push(`${request.method} ${request.url} ${await text(request)}`);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ url: `${server.url}/later`, padding: "x".repeat(100) }));
    });
    const sockets = new WebSocketServer({ server: server.server });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
    proxy = await createFaultProxy(server.url);
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const ask = async (path = "/flags/a", method = "PUT", withinMs = patienceMs) => {
    const signal = AbortSignal.timeout(withinMs);
    const response = await fetch(proxy.url + path, {
      method,
      signal,
      ...(method === "PUT" && { body: "on" }),
    });
    return { status: response.status, body: await response.text(), headers: response.headers };
  };
  const failure = (path?: string, withinMs?: number) =>
    ask(path, "PUT", withinMs).then(({ status }) => `answered ${status}`, codeOf);

  it("passes requests on with their bodies, and names itself where the server names its own address", async () => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ url: `${proxy.url}/later` });
    expect(effects).toEqual(["PUT /flags/a on"]);
    expect(proxy.struck).toEqual([]);
  });

  const lost: { fault: Fault; seen: string; effects: number }[] = [
    { fault: { kind: "hang" }, seen: "TimeoutError", effects: 0 },
    { fault: { kind: "hang", after: true }, seen: "TimeoutError", effects: 1 },
    { fault: { kind: "reset" }, seen: "ECONNRESET", effects: 0 },
    { fault: { kind: "reset", after: true }, seen: "ECONNRESET", effects: 1 },
    { fault: { kind: "half_close" }, seen: "UND_ERR_SOCKET", effects: 0 },
    { fault: { kind: "truncate" }, seen: "UND_ERR_SOCKET", effects: 1 },
    { fault: { kind: "slow", ms: 2 * hangsMs }, seen: "TimeoutError", effects: 0 },
    { fault: { kind: "answer", status: 503 }, seen: "answered 503", effects: 0 },
  ];
  it.each(lost)("$fault: $seen, with $effects effects, and then all is well", async (each) => {
    proxy.arm(each.fault);
    expect(await failure("/flags/a", each.seen === "TimeoutError" ? hangsMs : patienceMs)).toBe(each.seen);
    expect(effects).toHaveLength(each.effects);
    expect(await failure()).toBe("answered 200");
    expect(proxy.struck).toMatchObject([
      { kind: each.fault.kind, after: "after" in each.fault, what: "PUT /flags/a" },
    ]);
  });

  it("answers in the server's place with any status, header and text, so often", async () => {
    const headers = { "retry-after": "7" };
    proxy.arm({ kind: "answer", status: 429, headers, body: "<html>" }, { times: 2 });
    const first = await ask();
    expect(first).toMatchObject({ status: 429, body: "<html>" });
    expect(first.headers.get("retry-after")).toBe("7");
    expect([await failure(), await failure()]).toEqual(["answered 429", "answered 200"]);
    expect(proxy.struck).toHaveLength(2);
  });

  it("hits only what it is aimed at, until it is taken away", async () => {
    const aim: Aim = { method: "PUT", match: /\/flags\/b$/, times: Infinity };
    const takeAway = proxy.arm({ kind: "reset" }, aim);
    expect(await failure("/flags/a")).toBe("answered 200");
    expect((await ask("/flags/b", "GET")).status).toBe(200);
    expect([await failure("/flags/b"), await failure("/flags/b")]).toEqual(["ECONNRESET", "ECONNRESET"]);
    takeAway();
    expect(await failure("/flags/b")).toBe("answered 200");
  });

  it("refuses connections, also of a client that held one open, and listens again at the same place", async () => {
    expect(await failure()).toBe("answered 200");
    await proxy.refuse();
    expect(await failure()).toBe("ECONNREFUSED");
    await proxy.mend();
    expect(await failure()).toBe("answered 200");
    expect(proxy.struck).toMatchObject([{ kind: "refuse", after: false, what: "connections" }]);
  });

  it("carries WebSockets untouched, cuts them, and keeps them from being opened", async () => {
    const open = async () => {
      const socket = new WebSocket(`${proxy.url.replace("http", "ws")}/link?ticket=1`);
      await once(socket, "open");
      return socket;
    };
    const socket = await open();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    socket.send(bytes);
    const [echo]: unknown[] = await once(socket, "message");
    expect(echo).toEqual(bytes);

    const closed = once(socket, "close");
    socket.on("error", () => undefined);
    proxy.cut();
    await closed;
    proxy.arm({ kind: "reset" }, { match: /^\/link/ });
    await expect(open()).rejects.toThrow("ECONNRESET");
    (await open()).terminate();
    expect(proxy.struck.map(({ what }) => what)).toEqual(["open connections", "WebSocket /link"]);
  });
});

describe("before any other server", () => {
  let effects: string[];
  let proxy: FaultProxy;
  let stack: AsyncDisposableStack;
  beforeEach(async () => {
    effects = [];
    stack = new AsyncDisposableStack();
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        effects.push(bytes.toString());
        socket.write(`did ${bytes.toString()}`);
      });
      socket.on("end", () => socket.end());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    stack.defer(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    proxy = stack.use(await createFaultProxy(`redis://127.0.0.1:${address.port}`));
  });
  afterEach(() => stack.disposeAsync());

  const dial = async () => {
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    const heard: string[] = [];
    socket.on("data", (bytes) => heard.push(bytes.toString()));
    socket.on("end", () => heard.push("the end"));
    socket.on("error", (error) => heard.push(codeOf(error)));
    await once(socket, "connect");
    return { socket, heard, say: (words: string) => socket.write(words) };
  };

  const cases: { fault: Fault; hears: string[]; effects: string[] }[] = [
    { fault: { kind: "reset" }, hears: ["ECONNRESET"], effects: [] },
    { fault: { kind: "reset", after: true }, hears: ["ECONNRESET"], effects: ["SET"] },
    { fault: { kind: "truncate" }, hears: ["did", "the end"], effects: ["SET"] },
    { fault: { kind: "slow", ms: 50 }, hears: ["did SET"], effects: ["SET"] },
    { fault: { kind: "half_close" }, hears: ["the end"], effects: ["SET"] },
  ];
  it.each(cases)("$fault: hears $hears, with $effects done", async ({ fault, hears, effects: done }) => {
    proxy.arm(fault, { match: /SET/ });
    const first = await dial();
    first.say("GET");
    await toHear(first.heard, "did GET");
    first.say("SET");
    await toHear(first.heard, hears.at(-1) ?? "");
    expect(first.heard.slice(1, 1 + hears.length)).toEqual(hears);
    await until("the effect", () => effects.length === 1 + done.length, { timeoutMs: 3_000 });
    expect(effects).toEqual(["GET", ...done]);
    first.socket.destroy();

    const second = await dial();
    second.say("SET");
    await toHear(second.heard, "did SET");
    second.socket.destroy();
    expect(proxy.struck).toHaveLength(1);
  });

  it.each([false, true])("falls silent for good; after the effect: %s", async (after) => {
    proxy.arm({ kind: "hang", after }, { match: /SET/ });
    const hung = await dial();
    hung.say("SET");
    await until("the fault", () => proxy.struck.length === 1);
    const other = await dial();
    other.say("GET");
    await toHear(other.heard, "did GET");
    hung.say("GET");
    other.say("PING");
    await toHear(other.heard, "did PING");
    expect(hung.heard).toEqual([]);
    expect(effects.includes("SET")).toBe(after);
    hung.socket.destroy();
    other.socket.destroy();
  });
});

/** The code of the innermost error that has one, else its name. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return codeOf(error.cause);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function toHear(heard: readonly string[], wanted: string): Promise<boolean> {
  return until(`to hear "${wanted}"`, () => heard.includes(wanted), { seen: () => heard.join() });
}

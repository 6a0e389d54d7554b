import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Incoming } from "./api.ts";
import { serverError } from "./envelope.ts";
import type { Reply } from "./envelope.ts";
import type { Fault, Faults } from "./faults.ts";

export type LoggedRequest = {
  at: number;
  server: "api" | "evaluation";
  method: string;
  /** Path and query. */
  path: string;
  /** The status that was answered; undefined when a fault cut the answer off. */
  status: number | undefined;
  /** Name of the token or person. */
  actor: string | undefined;
  /** True when a fault, not the server, decided the answer. */
  spoilt: boolean;
};

type Answer = (request: Incoming) => Promise<{ reply: Reply; actor?: { name: string | null } }>;

export type HttpServer = AsyncDisposable & { readonly url: string; readonly server: Server };

export async function createHttpServer(options: {
  name: "api" | "evaluation";
  port: number;
  now: () => number;
  answer: Answer;
  faults: Faults;
  log: LoggedRequest[];
}): Promise<HttpServer> {
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const target = request.url ?? "/";
    const entry: LoggedRequest = {
      at: options.now(),
      server: options.name,
      method,
      path: target,
      status: undefined,
      actor: undefined,
      spoilt: false,
    };
    options.log.push(entry);
    const fault = options.faults.take(options.name, method, target);
    try {
      const body = await readBody(request);
      if (fault && fault.when !== "after" && (await spoil(fault, response, entry))) return;
      const incoming = { method, url: new URL(`http://sandbox${target}`), headers: flatten(request), body };
      const { reply, actor } = await options.answer(incoming);
      entry.actor = actor?.name ?? undefined;
      if (fault?.when === "after" && (await spoil(fault, response, entry))) return;
      entry.status = reply.status;
      write(response, reply);
    } catch (error) {
      // A bug of the stand-in: say so loudly instead of letting a test hang.
      process.stderr.write(
        `featbit sandbox: ${method} ${target}: ${error instanceof Error ? error.stack : String(error)}\n`,
      );
      entry.status = 500;
      if (!response.headersSent) write(response, serverError().reply());
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns true when nothing more is to be answered. */
async function spoil(fault: Fault, response: ServerResponse, entry: LoggedRequest): Promise<boolean> {
  const { does } = fault;
  entry.spoilt = does.kind !== "delay";
  switch (does.kind) {
    case "delay":
      await sleep(does.ms);
      return false;
    case "hang":
      return true;
    case "drop":
      response.socket?.destroy();
      return true;
    case "status":
      entry.status = does.status;
      write(response, {
        status: does.status,
        headers: { "content-type": "application/json; charset=utf-8" },
        ...(does.body !== undefined && { body: does.body }),
      });
      return true;
  }
}

function write(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(
    status,
    body === undefined && status !== 204 ? { ...headers, "content-length": "0" } : headers,
  );
  if (body === undefined) response.end();
  else {
    // Written in one chunk without a length, as the real servers do.
    response.write(body);
    response.end();
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  return text(request);
}

const flatten = (request: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );

import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { spoil } from "../http-faults.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback-server.ts";
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

export async function createHttpServer(options: {
  name: "api" | "evaluation";
  port: number;
  now: () => number;
  answer: Answer;
  faults: Faults;
  log: LoggedRequest[];
}): Promise<LoopbackServer> {
  return createLoopbackServer(serve, options.port);

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
      const body = await text(request);
      if (fault && fault.when !== "after" && (await spoiled(fault, response, entry))) return;
      const incoming = { method, url: new URL(`http://sandbox${target}`), headers: flatten(request), body };
      const { reply, actor } = await options.answer(incoming);
      entry.actor = actor?.name ?? undefined;
      if (fault?.when === "after" && (await spoiled(fault, response, entry))) return;
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
}

/** @returns true when nothing more is to be answered. */
function spoiled({ does }: Fault, response: ServerResponse, entry: LoggedRequest): Promise<boolean> {
  entry.spoilt = does.kind !== "delay";
  if (does.kind === "status") entry.status = does.status;
  const type = { "content-type": "application/json; charset=utf-8" };
  const asFeatBit = does.kind === "status" ? { ...does, headers: { ...type, ...does.headers } } : does;
  return spoil(asFeatBit, response, () => undefined);
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

const flatten = (request: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type LoopbackServer = AsyncDisposable & {
  readonly port: number;
  readonly url: string;
  /** For what is no plain request: upgrades to WebSocket. */
  readonly server: Server;
};

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * An HTTP server on 127.0.0.1. Port 0 takes any free one. Disposing it cuts open connections as well, so that a
 * request left hanging on purpose never keeps a test or the demo alive.
 */
export async function createLoopbackServer(handle: RequestHandler, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
      response.end(reason);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the loopback server has no port");
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    server,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reads a request body as text; undefined when it is larger than `limitBytes`. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

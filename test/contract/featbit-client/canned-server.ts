import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface CannedAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface CannedServer extends AsyncDisposable {
  url: string;
  /** What was asked, in order. */
  asked: { method: string; path: string; authorization: string | undefined; body: string }[];
  /** The next answers; a function may do as it likes with the connection. */
  next: (CannedAnswer | ((request: IncomingMessage, response: ServerResponse) => void))[];
}

/** A loopback server that gives prepared answers, in the order they were put in. */
export async function createCannedServer(): Promise<CannedServer> {
  const asked: CannedServer["asked"] = [];
  const next: CannedServer["next"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      asked.push({
        method,
        path: url,
        authorization: headers.authorization,
        body: Buffer.concat(chunks).toString(),
      });
      const answer = next.shift();
      if (answer === undefined) response.writeHead(599).end("nothing prepared");
      else if (typeof answer === "function") answer(request, response);
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(body: unknown, status = 200): CannedAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(body),
  };
}

export const ok = (data: unknown): CannedAnswer => json({ success: true, errors: [], data });

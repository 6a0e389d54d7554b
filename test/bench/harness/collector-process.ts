import { createServer } from "node:http";
import { bytesTaken, openCollector } from "./collector.ts";
import { answering, servePart } from "./part.ts";

const stack = new AsyncDisposableStack();
let traces = 0;

async function open(): Promise<{ url: string }> {
  const server = createServer((request, response) => {
    request.on("data", (piece: Buffer) => {
      if (request.url === "/v1/traces") traces += piece.length;
    });
    request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => server.closeAllConnections());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return { url: `http://127.0.0.1:${address.port}` };
}

async function taken(): Promise<{ traces: number }> {
  const answer = { traces };
  traces = 0;
  return answer;
}

servePart([answering(openCollector, open), answering(bytesTaken, taken)], stack);

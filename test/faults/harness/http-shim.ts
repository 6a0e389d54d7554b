import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { ArmedFaults } from "./armed-faults.ts";

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/**
 * A server that passes requests and WebSockets on to `target`, but for what `faults` does to them. Each request has a
 * connection of its own to the target, so that no reused one breaks by itself. Where an answer names the target's
 * address, as Slack does when a socket is opened, it names ours instead (`self`).
 */
export function createHttpShim(target: URL, faults: ArmedFaults, self: () => string): Server {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (asked, answer) => {
    // Whatever breaks on the way reaches the client as a broken connection, as without us.
    relay(asked, answer).catch(() => asked.socket.resetAndDestroy());
  });

  async function relay(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", socket } = asked;
    const body = await buffer(asked);
    const fault = faults.take(method, url, `${method} ${url}`);
    switch (fault?.kind) {
      case undefined:
        return give(response, await forward(asked, body));
      case "slow":
        await delay(fault.ms);
        return give(response, await forward(asked, body));
      case "hang":
        if (fault.after === true) await forward(asked, body);
        return;
      case "reset":
        if (fault.after === true) await forward(asked, body);
        return void socket.resetAndDestroy();
      case "half_close":
        return void socket.end();
      case "answer":
        return give(response, {
          status: fault.status,
          headers: { "content-type": "application/json", ...fault.headers },
          body: Buffer.from(fault.body ?? ""),
        });
      case "truncate": {
        const whole = await forward(asked, body);
        response.writeHead(whole.status, plainly(whole));
        response.write(whole.body.subarray(0, whole.body.length >> 1), () => socket.end());
      }
    }
  }

  function forward(asked: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url, headers } = asked;
    return new Promise((resolve, reject) => {
      const { hostname, port, host } = target;
      const options = { hostname, port, method, path: url, headers: { ...headers, host }, agent: false };
      const onward = request(options, (incoming) => {
        buffer(incoming).then(
          (whole) =>
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: ours(whole) }),
          reject,
        );
      });
      onward.once("error", reject);
      onward.end(body);
    });
  }

  function ours(body: Buffer): Buffer {
    return body.includes(target.host) ? Buffer.from(body.toString().replaceAll(target.host, self())) : body;
  }

  server.on("upgrade", (asked: IncomingMessage, _socket: Duplex, head: Buffer) => {
    const { method = "GET", url = "/", socket: from } = asked;
    const fault = faults.take(method, url, `WebSocket ${url.split("?")[0]}`);
    if (fault?.kind === "hang") return;
    if (fault !== null && fault.kind !== "slow") return void from.resetAndDestroy();
    const to = connect(Number(target.port), target.hostname);
    to.on("error", () => undefined);
    from.once("close", () => to.destroy());
    to.once("close", () => from.destroy());
    setTimeout(() => {
      to.write(`${headOf(asked)}\r\n`);
      to.write(head);
      from.pipe(to).pipe(from);
    }, fault?.ms ?? 0);
  });

  return server;
}

function give(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, plainly(answer)).end(answer.body);
}

/** The headers of a whole answer on a connection of ours. */
function plainly({ headers, body }: Answer): Record<string, string | string[] | number | undefined> {
  const { "transfer-encoding": _chunked, connection: _connection, "keep-alive": _kept, ...rest } = headers;
  return { ...rest, "content-length": body.length };
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return lines.map((line) => `${line}\r\n`).join("");
}

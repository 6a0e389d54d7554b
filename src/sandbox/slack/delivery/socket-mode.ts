import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import { isObject, parseJson, type Json } from "../json.ts";
import type { World } from "../world.ts";
import type { Outcome, Transport } from "./outcome.ts";

const pingEveryMs = 10_000;
const maxConnections = 10;
const goodbyeMs = 200;

/** An acknowledgement seen on a socket; `afterMs` also where it came too late to count. */
type SocketAck = { readonly envelopeId: string; readonly afterMs: number };

/** The WebSocket side of Socket Mode: hello, pings, envelopes to one of the connections, acknowledgements. */
export function createSocketMode(world: World) {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const connections = new Set<WebSocket>();
  const waiting = new Map<string, { readonly sentAt: number; readonly answer: (outcome: Outcome) => void }>();
  const acks: SocketAck[] = [];
  let turn = 0;

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const url = new URL(request.url ?? "/", "ws://sandbox");
    const ticket = url.searchParams.get("ticket") ?? "";
    if (!url.pathname.startsWith("/link") || !tickets.delete(ticket)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
      return;
    }
    server.handleUpgrade(request, socket, head, welcome);
  };

  const welcome = (connection: WebSocket): void => {
    connections.add(connection);
    // One for every delivery that waits for its acknowledgement.
    connection.setMaxListeners(0);
    const ping = setInterval(() => connection.ping("Ping from Slack sandbox"), pingEveryMs);
    connection.on("close", () => {
      clearInterval(ping);
      connections.delete(connection);
    });
    connection.on("error", () => connection.terminate());
    connection.on("message", (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) acknowledge(data.toString("utf8"));
    });
    connection.send(
      JSON.stringify({
        type: "hello",
        num_connections: connections.size,
        debug_info: { host: "sandbox", build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: world.app.id },
      }),
    );
    if (connections.size > maxConnections) disconnect(connection, "too_many_websockets");
  };

  const acknowledge = (frame: string): void => {
    const ack = parseJson(frame);
    const id = isObject(ack) ? ack["envelope_id"] : undefined;
    if (typeof id !== "string" || !isObject(ack)) return;
    const known = waiting.get(id);
    if (known === undefined) return;
    waiting.delete(id);
    const afterMs = world.now() - known.sentAt;
    acks.push({ envelopeId: id, afterMs });
    const payload = ack["payload"];
    known.answer({
      kind: "acked",
      afterMs,
      ...(payload === undefined || isEmpty(payload) ? {} : { body: payload }),
    });
  };

  const deliver: Transport = (kind, payload, retry) => {
    const open = [...connections];
    const connection = open[turn++ % Math.max(open.length, 1)];
    const sentAt = world.now();
    if (connection === undefined) {
      return Promise.resolve({
        kind: "unreachable",
        afterMs: 0,
        reason: "the app has no Socket Mode connection",
      });
    }
    const envelopeId = randomUUID();
    const answered = new Promise<Outcome>((answer) => {
      const settle = (outcome: Outcome) => {
        clearTimeout(timer);
        connection.off("close", lost);
        answer(outcome);
      };
      const lost = () => {
        waiting.delete(envelopeId);
        settle({
          kind: "unreachable",
          afterMs: world.now() - sentAt,
          reason: "the Socket Mode connection was lost",
        });
      };
      // The envelope stays known after the time is up, so that a late acknowledgement is still recorded.
      const timer = setTimeout(
        () => settle({ kind: "timeout", afterMs: world.now() - sentAt }),
        world.ackTimeoutMs,
      );
      connection.once("close", lost);
      waiting.set(envelopeId, { sentAt, answer: settle });
    });
    connection.send(
      JSON.stringify({
        envelope_id: envelopeId,
        type: kind,
        accepts_response_payload: kind !== "events_api",
        payload,
        ...(retry === undefined ? {} : { retry_attempt: retry.attempt, retry_reason: retry.reason }),
      }),
    );
    return answered;
  };

  return {
    upgrade,
    deliver,
    acks: acks as readonly SocketAck[],
    allow: (ticket: string) => void tickets.add(ticket),
    connectionCount: () => connections.size,
    /** Asks every connected app to connect anew, as Slack does every few hours. */
    refresh: (reason: "warning" | "refresh_requested" | "link_disabled" = "refresh_requested") => {
      for (const connection of connections) disconnect(connection, reason);
    },
    /** Cuts every connection without a word. */
    cut: () => {
      for (const connection of connections) connection.terminate();
      connections.clear();
    },
    /** Says goodbye properly where the app still listens, so that it does not log an error; then cuts. */
    close: async (): Promise<void> => {
      const open = [...server.clients];
      const closed = open.map((client) => new Promise((resolve) => client.once("close", resolve)));
      for (const client of open) client.close(1001);
      await Promise.race([Promise.all(closed), sleep(goodbyeMs)]);
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function disconnect(connection: WebSocket, reason: string): void {
  connection.send(JSON.stringify({ type: "disconnect", reason, debug_info: {} }));
}

function isEmpty(payload: Json): boolean {
  return payload === null || (isObject(payload) && Object.keys(payload).length === 0);
}

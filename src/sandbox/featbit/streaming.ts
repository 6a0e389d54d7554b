import type { IncomingMessage, Server } from "node:http";
import { WebSocketServer } from "ws";
import type { RawData, WebSocket } from "ws";
import { decodeConnectionToken } from "./connection-token.ts";
import { clientPush, clientSync, flagPush, segmentPush, serverSync } from "./data-sync.ts";
import type { EndUser } from "./evaluation.ts";
import type { Sandbox } from "./sandbox.ts";

const INVALID = 4003;
const TOKEN_LIFE_MS = 30_000;
const MAX_MESSAGE_BYTES = 4 * 2048;

type Connection = { socket: WebSocket; envId: string; type: "server" | "client"; user: EndUser | undefined };

export type Streaming = {
  readonly connectionCount: () => number;
  /** Ends every connection as a dying server does, without a close frame. */
  readonly dropAll: () => void;
  readonly close: () => void;
};

/** `/streaming` of the evaluation server: what the official SDKs speak. */
export function createStreaming(sandbox: Sandbox, server: Server): Streaming {
  const connections = new Set<Connection>();
  const sockets = new WebSocketServer({ noServer: true });

  server.on("upgrade", (request: IncomingMessage, socket, head) => {
    const url = new URL(request.url ?? "/", "http://sandbox");
    if (url.pathname !== "/streaming") return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, url));
  });

  function accept(socket: WebSocket, url: URL): void {
    const admitted = admit(sandbox, url);
    // The real server accepts the socket first and closes it then; the SDK never comes back after 4003.
    if (!admitted) return socket.close(INVALID, "invalid request, close by server");
    const connection: Connection = { socket, user: undefined, ...admitted };
    connections.add(connection);
    socket.on("close", () => connections.delete(connection));
    socket.on("error", () => connections.delete(connection));
    socket.on("message", (data: RawData) => receive(connection, data));
  }

  function receive(connection: Connection, raw: RawData): void {
    const text = Buffer.isBuffer(raw) ? raw.toString() : "";
    const message = Buffer.byteLength(text) > MAX_MESSAGE_BYTES ? undefined : parse(text);
    if (!message) return;
    if (message.messageType === "ping") return send(connection, { messageType: "pong", data: {} });
    if (message.messageType === "echo") return send(connection, message);
    if (message.messageType !== "data-sync" || typeof message.data !== "object" || !message.data) return;
    const { timestamp = 0, user } = message.data as { timestamp?: unknown; user?: EndUser };
    if (typeof timestamp !== "number") return;
    if (connection.type === "server")
      return send(connection, serverSync(sandbox.world, connection.envId, timestamp));
    if (!user?.keyId) return;
    connection.user = user;
    send(connection, clientSync(sandbox.world, connection.envId, timestamp, user));
  }

  function broadcast(envId: string, forServers: unknown, forClient?: (user: EndUser) => unknown): void {
    for (const connection of connections) {
      if (connection.envId !== envId) continue;
      if (connection.type === "server") send(connection, forServers);
      else if (connection.user && forClient) send(connection, forClient(connection.user));
    }
  }

  sandbox.listeners.flag.push((flag) =>
    broadcast(flag.envId, flagPush(flag), (user) => clientPush(sandbox.world, flag, user)),
  );
  sandbox.listeners.segment.push((segment) => broadcast(segment.envId, segmentPush(segment)));

  const dropAll = () => {
    for (const { socket } of connections) socket.terminate();
    connections.clear();
  };
  return { connectionCount: () => connections.size, dropAll, close: () => (dropAll(), sockets.close()) };
}

const send = (connection: Connection, message: unknown): void =>
  connection.socket.send(JSON.stringify(message));

function parse(text: string): { messageType?: unknown; data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // garbage is ignored
  }
}

function admit(sandbox: Sandbox, url: URL): { envId: string; type: "server" | "client" } | undefined {
  const type = url.searchParams.get("type");
  const token = decodeConnectionToken(url.searchParams.get("token") ?? "");
  if (!token || (type !== "server" && type !== "client")) return undefined;
  if (!["", "1", "2"].includes(url.searchParams.get("version") ?? "")) return undefined;
  if (Math.abs(sandbox.now() - token.timestampMs) > TOKEN_LIFE_MS) return undefined;
  for (const { environments } of sandbox.world.projects) {
    const env = environments.find(({ secrets }) =>
      secrets.some((secret) => secret.value === token.secret && secret.type === type),
    );
    if (env) return { envId: env.id, type };
  }
  return undefined;
}

import { once } from "node:events";
import type { NetConnectOpts, Socket } from "node:net";
import { type Aim, createArmedFaults, type Fault, type Struck } from "./armed-faults.ts";
import { createHttpShim } from "./http-shim.ts";
import { createTcpRelay } from "./tcp-relay.ts";

/** Stands between Signalman and one system. */
export interface FaultProxy extends AsyncDisposable {
  /** The real address with our host and port. */
  url: string;
  /** Spoils what it is aimed at; the returned function takes it away again. */
  arm(fault: Fault, aim?: Aim): () => void;
  /** Nobody listens any more, and what is open is reset. Counts as one fault. */
  refuse(): Promise<void>;
  /** Takes all faults away and listens again. What hangs goes on hanging. */
  mend(): Promise<void>;
  /** Resets every open connection, WebSockets included. Counts as one fault. */
  cut(): void;
  /** What has struck so far. */
  struck: readonly Struck[];
}

/**
 * A proxy before the server at `real`: `http`, `ws`, `postgresql` (also on a Unix socket, `?host=`) or `redis`. Where an
 * answer names the real address, as Slack's does when a socket is opened, it names ours instead, or `named`.
 */
export async function createFaultProxy(real: string, named?: string): Promise<FaultProxy> {
  const target = new URL(real);
  const faults = createArmedFaults();
  const sockets = new Set<Socket>();
  const self = () => (named === undefined ? `127.0.0.1:${port}` : new URL(named).host);
  const server = /^(http|ws):$/.test(target.protocol)
    ? createHttpShim(target, faults, self)
    : createTcpRelay(endOf(target), faults, target.protocol.slice(0, -1));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });

  const listen = async (at: number): Promise<number> => {
    await once(server.listen(at, "127.0.0.1"), "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    return address.port;
  };
  const port = await listen(0);
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    reset();
    await closed;
  };

  return {
    url: addressOf(target, port),
    struck: faults.struck,
    arm: (fault, aim) => faults.arm(fault, aim),
    async refuse() {
      faults.strike("refuse", "connections");
      if (server.listening) await close();
    },
    async mend() {
      faults.clear();
      if (!server.listening) await listen(port);
    },
    cut() {
      faults.strike("reset", "open connections");
      reset();
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await close();
    },
  };
}

/** Where a database or Redis listens. libpq's `?host=` names the folder of a Unix socket. */
function endOf(target: URL): NetConnectOpts {
  const folder = target.searchParams.get("host");
  const port = target.port || (target.protocol === "redis:" ? "6379" : "5432");
  return folder === null
    ? { host: target.hostname, port: Number(port) }
    : { path: `${folder}/.s.PGSQL.${port}` };
}

function addressOf(target: URL, port: number): string {
  const url = new URL(target.href);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  url.searchParams.delete("host");
  return url.pathname === "/" ? url.href.replace(/\/$/, "") : url.href;
}

import type { IFbClient } from "@featbit/node-server-sdk";
import { checkFrame } from "./sdk-frame.ts";

/**
 * The part of a `ws` socket that is used here. Signalman depends on the SDK, not on the library beneath it.
 */
interface RawSocket {
  readyState: number;
  send(text: string): void;
  terminate(): void;
  listeners(event: "message"): ((...frame: unknown[]) => void)[];
  removeAllListeners(event: "message"): void;
  on(event: "message", listener: (...frame: unknown[]) => void): void;
  prependListener(event: "close", listener: (code: number) => void): void;
}

/** `NodeWebSocket` of SDK 1.3.0, which the SDK keeps to itself. */
interface SdkConnection {
  ws: RawSocket;
  close(): void;
  sendPingMessage(): void;
}

const OPEN = 1;

export interface SdkSocket {
  /** Asks the server for a sign of life; nothing happens while the socket is not open. */
  ping(): void;
  /** Ends the connection at once, and the SDK's own attempts to come back. */
  end(): void;
}

export interface SdkSocketEvents {
  /** A well-formed frame arrived and the SDK has taken it. */
  heard(): void;
  /** A frame that is not FeatBit's protocol; it was kept from the SDK. */
  garbled(): void;
  /** A flag or segment was kept from the SDK, because it would end the process. */
  leftOut(what: string): void;
  closed(code: number): void;
}

/**
 * Takes hold of the connection that a client of SDK 1.3.0 has just begun, because the SDK alone can neither tell that
 * it is lost nor survive some of what can happen (contract §0.11, §3.3, §3.4; each is tested):
 * a frame that is not its protocol, or a segment condition whose value is not JSON, ends the process; after close code 4003 it
 * never returns, after others it waits longer each time, up to a minute, and never less again; each return starts one
 * more ping loop; a half-open connection is never noticed; its ping timer keeps the process alive. So frames are
 * looked at first, pings are sent from here, and a lost connection is ended for good: the caller makes a new client.
 * @throws Error when the SDK is not built as 1.3.0 is.
 */
export function takeSocket(client: IFbClient, events: SdkSocketEvents): SdkSocket {
  const connection = connectionOf(client);
  const { ws } = connection;
  connection.sendPingMessage = () => undefined;

  const listeners = ws.listeners("message");
  ws.removeAllListeners("message");
  ws.on("message", (...frame) => {
    const checked = checkFrame(frame[0]);
    if (checked.kind === "refused") return events.garbled();
    for (const flaw of checked.flaws) events.leftOut(flaw);
    const given = checked.flaws.length === 0 ? frame : [Buffer.from(checked.text), ...frame.slice(1)];
    for (const listener of listeners) listener.apply(ws, given);
    events.heard();
  });
  // Before the SDK's own listener, so that it finds the connection ended and starts no timer to come back.
  ws.prependListener("close", (code) => {
    connection.close();
    events.closed(code);
  });

  return {
    ping() {
      if (ws.readyState === OPEN) ws.send('{"messageType":"ping","data":null}');
    },
    end() {
      connection.close();
      ws.terminate();
    },
  };
}

function connectionOf(client: IFbClient): SdkConnection {
  const synchronizer: unknown = Reflect.get(client, "dataSynchronizer");
  const socket: unknown = isObject(synchronizer) ? Reflect.get(synchronizer, "socket") : undefined;
  if (isSdkConnection(socket)) return socket;
  throw new Error("@featbit/node-server-sdk is not built as version 1.3.0 is: look at sdk-socket.ts anew");
}

function isSdkConnection(socket: unknown): socket is SdkConnection {
  if (!isObject(socket)) return false;
  const ws: unknown = Reflect.get(socket, "ws");
  return (
    isFunction(socket, "close") &&
    isFunction(socket, "sendPingMessage") &&
    isObject(ws) &&
    isFunction(ws, "prependListener")
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isFunction(of: object, name: string): boolean {
  return typeof Reflect.get(of, name) === "function";
}

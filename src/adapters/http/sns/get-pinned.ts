import { lookup } from "node:dns/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import ipaddr from "ipaddr.js";
import { OpsError } from "../../../domain/ops-error.ts";

/** The way out. Everything that could lead elsewhere stands here, so that a test can stand in its place. */
export interface Internet {
  /** All addresses of a host. */
  lookup: (host: string) => Promise<readonly string[]>;
  /** Opens a connection to port 443 of exactly this address. */
  dial: (address: string) => Socket;
  /** Certificate authorities in PEM; absent: those that come with Node. */
  ca?: readonly string[];
}

export const internet: Internet = {
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  dial: (address) => connect({ host: address, port: 443 }),
};

const timeoutMs = 5000;
const maxBytes = 64 * 1024;
const mostAddresses = 4;

export interface Answer {
  status: number;
  body: Buffer;
}

/**
 * GETs `https://<host><path>` from a public address, never from one inside: the host is looked up once, every address
 * of it must be public, and the connection goes to the very address that was judged. Follows no redirect. Throws
 * `OpsError`: `forbidden` for an address that is not public, `unreachable`, `timeout` or `bad_answer`.
 */
export async function getPinned(host: string, path: string, net: Internet): Promise<Answer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const addresses = await orLate(net.lookup(host), deadline, host);
  if (addresses.length === 0) throw new OpsError("unreachable", `${host} has no address`);
  const inside = addresses.find((address) => !isPublic(address));
  if (inside !== undefined) {
    throw new OpsError("forbidden", `${host} leads to ${inside}, which is not a public address`);
  }
  let failure: unknown;
  for (const address of addresses.slice(0, mostAddresses)) {
    try {
      return await getFrom(address, host, path, net, deadline);
    } catch (error) {
      failure = error;
      if (deadline.aborted) break;
    }
  }
  throw deadline.aborted ? late(host) : failure;
}

/** True for addresses of the public internet only; an IPv4 address inside an IPv6 one is judged as itself. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}

function getFrom(
  address: string,
  host: string,
  path: string,
  net: Internet,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const raw = net.dial(address);
    const socket = connectTls({
      socket: raw,
      servername: host,
      minVersion: "TLSv1.2",
      ...(net.ca && { ca: [...net.ca] }),
    });
    const fail = (error: Error): void => {
      socket.destroy();
      raw.destroy();
      reject(
        error instanceof OpsError
          ? error
          : new OpsError("unreachable", `${host} could not be asked: ${error.message}`, { cause: error }),
      );
    };
    raw.on("error", fail);
    socket.on("error", fail);
    const asked = request(
      { createConnection: () => socket, host, path, signal, headers: { host, connection: "close" } },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("error", fail);
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > maxBytes)
            fail(new OpsError("bad_answer", `${host} answered more than ${maxBytes} bytes`));
        });
        response.on("end", () => {
          socket.destroy();
          if (response.complete) resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
          else fail(new OpsError("bad_answer", `${host} cut its answer short`));
        });
      },
    );
    asked.on("error", fail).end();
  });
}

async function orLate<Value>(promise: Promise<Value>, signal: AbortSignal, host: string): Promise<Value> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(late(host));
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, ended]);
  } catch (error) {
    if (error instanceof OpsError) throw error;
    throw new OpsError("unreachable", `${host} could not be looked up`, { cause: error });
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function late(host: string): OpsError {
  return new OpsError("timeout", `${host} did not answer within ${timeoutMs} ms`);
}

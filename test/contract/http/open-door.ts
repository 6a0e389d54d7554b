import { createHmac, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { z } from "zod";
import { createDoor, type Door, type DoorOptions } from "../../../src/adapters/http/door.ts";
import type { DoorSource } from "../../../src/adapters/http/entrance.ts";
import { CorrelationId, DeliveryId } from "../../../src/domain/ids.ts";
import { Source } from "../../../src/domain/source.ts";
import type { Log, LogFields } from "../../../src/pipeline/ports/log.ts";
import { memoryInbox, type MemoryInbox } from "./memory-inbox.ts";

export const bearerSecret = "bearer-secret-0123456789";
export const hmacSecret = "hmac-secret-0123456789";

export interface OpenDoor extends AsyncDisposable {
  door: Door;
  inbox: MemoryInbox;
  lines: { level: string; fields: LogFields; message: string }[];
  /** Sends a body to a source; bearer credential and JSON content type unless `headers` say otherwise. */
  post(path: string, body: Uint8Array | string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends bytes as they are and gives back everything that was answered until the connection ended. */
  raw(bytes: string | Buffer, more?: { every: number; send: () => string }): Promise<string>;
}

export interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  json: Record<string, unknown>;
}

export function sign(body: Uint8Array | string, secret = hmacSecret): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** A source as `signalman.yml` declares it. */
export function sourceOf(declared: Record<string, unknown>, secret: string): DoorSource {
  const variable = declared["kind"] === "cloudwatch" ? {} : { secretEnv: "A_SECRET" };
  return { source: Source.parse({ ...variable, ...declared }), secret };
}

/** A door with the sources `plain` (bearer), `signed` (HMAC) and `hub` (HMAC in another header). */
export async function openDoor(options: Partial<DoorOptions> = {}): Promise<OpenDoor> {
  const inbox = memoryInbox();
  const lines: OpenDoor["lines"] = [];
  const write = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  const log: Log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  let count = 0;
  const door = await createDoor({
    host: "127.0.0.1",
    port: 0,
    sources: [
      sourceOf({ id: "plain", kind: "generic" }, bearerSecret),
      sourceOf({ id: "signed", kind: "generic", auth: "hmac" }, hmacSecret),
      sourceOf({ id: "hub", kind: "generic", auth: "hmac", header: "X-Hub-Signature-256" }, hmacSecret),
    ],
    inbox,
    newDeliveryId: () => DeliveryId.parse(randomUUID()),
    newCorrelationId: () => CorrelationId.parse(`cor-${(count += 1)}`),
    log,
    ...options,
  });
  return {
    door,
    inbox,
    lines,
    async post(path, body, headers = {}) {
      const response = await fetch(door.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${bearerSecret}`, ...headers },
        body: typeof body === "string" ? body : new Uint8Array(body),
      });
      return answerOf(response);
    },
    raw: (bytes, more) => sendRaw(door.port, bytes, more),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    headers: response.headers,
    json: text === "" ? {} : z.record(z.string(), z.unknown()).parse(JSON.parse(text)),
  };
}

function sendRaw(
  port: number,
  bytes: string | Buffer,
  more?: { every: number; send: () => string },
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    const drip = more === undefined ? undefined : setInterval(() => socket.write(more.send()), more.every);
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    // A cut while writing is one of the ends that are looked for.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(drip);
      resolve(answer);
    });
    socket.write(bytes);
  });
}

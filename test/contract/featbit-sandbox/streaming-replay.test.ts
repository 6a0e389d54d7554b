import { setTimeout as sleep } from "node:timers/promises";
import { FbClientBuilder, UserBuilder } from "@featbit/node-server-sdk";
import type { IFbClient } from "@featbit/node-server-sdk";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { encodeConnectionToken } from "../../../src/sandbox/featbit/connection-token.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import type { RecordedEntry } from "../../support/recorded-featbit.ts";
import { differences } from "./compare.ts";
import { SECRETS, createReplay } from "./replay.ts";
import type { Replay } from "./replay.ts";
import { typed } from "../../support/typed.ts";

type Frame = {
  ms: number;
  kind: string;
  conn?: string;
  startedMs?: number;
  data?: unknown;
  code?: number;
  reason?: string;
  method?: string;
  path?: string;
  body?: unknown;
  status?: number;
  response?: unknown;
  name?: string;
  flag?: string;
  user?: string;
  detail?: { kind: string; reason: string; value: unknown };
};
type Row = { id: string; key: string; updatedAt: string; variations: []; name: string; tags: string[] };
type Sync = { data: { eventType: string; featureFlags: Row[]; segments: Row[] } };

const entries = loadRecorded("streaming");
const framesOf = (entry: RecordedEntry): Frame[] =>
  typed<Frame[]>(entry["frames"]).toSorted((a, b) => (a.startedMs ?? a.ms) - (b.startedMs ?? b.ms));

/** How a connection was opened where it was not the usual way. */
type Opening = { type?: string; secret?: string; ageMs?: number; version?: string; token?: string };
const OPENINGS: Record<string, Opening> = {
  "bad-secret": { secret: `${"A".repeat(22)}${SECRETS.dev.server.slice(22)}` },
  "bad-secret-env": { secret: `${SECRETS.dev.server.slice(0, 22)}${"B".repeat(22)}` },
  "malformed-token": { token: "garbage" },
  "no-token": { token: "" },
  "no-type": { type: "" },
  "bad-type": { type: "robot" },
  "client-as-server": { secret: SECRETS.dev.client },
  "server-as-client": { type: "client" },
  "bad-version": { version: "9" },
  "version-2": { version: "2" },
  "client-type": { type: "client", secret: SECRETS.dev.client },
  "cross-env": { secret: SECRETS.prod.server },
  "expired-token": { ageMs: 31_000 },
  "token-28s": { ageMs: 28_000 },
  "token-28s-future": { ageMs: -28_000 },
  "token-33s-future": { ageMs: -33_000 },
};
const LEFT_OUT: Record<string, string> = {
  "els-restart": "a restart of the server's process; sdk.test.ts cuts the connection instead",
  "sdk-bad-secret": "sixteen seconds of waiting for the SDK to give up; the 4003 behind it is replayed above",
};

const clock = { ms: 0 };

class Connection {
  readonly #socket: WebSocket;
  readonly received: unknown[] = [];
  closed: { code: number; reason: string } | undefined;

  constructor(replay: Replay, opening: Opening) {
    const { type = "server", secret = SECRETS.dev.server, ageMs = 0, version } = opening;
    const token = opening.token ?? encodeConnectionToken(secret, Math.floor(clock.ms) - ageMs);
    const query = new URLSearchParams({
      ...(type && { type }),
      ...(token && { token }),
      ...(version && { version }),
    });
    this.#socket = new WebSocket(`${replay.sandbox.streamingUrl}/streaming?${query.toString()}`);
    this.#socket.on("message", (data: Buffer) => this.received.push(JSON.parse(data.toString())));
    this.#socket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
  }

  async open(): Promise<void> {
    await new Promise((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
  }

  send(data: unknown): void {
    const padded = JSON.stringify({
      messageType: "data-sync",
      data: { timestamp: 0, padding: "x".repeat(9000) },
    });
    this.#socket.send(
      typeof data !== "string" ? JSON.stringify(data) : data.startsWith("(data-sync with") ? padded : data,
    );
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 1000; waited += 5) {
    if (condition()) return true;
    await sleep(5);
  }
  return false;
}

const byKey = (rows: Row[] | undefined) => rows?.toSorted((a, b) => (a.key + a.id < b.key + b.id ? -1 : 1));

/** Rows in the order of their ids: the real server's own order is its database's. */
const sorted = (message: unknown): unknown => {
  const { data } = typed<Partial<Sync>>(message);
  if (!data?.featureFlags) return message;
  const sortedRows = {
    featureFlags: byKey(data.featureFlags),
    ...(data.segments && { segments: byKey(data.segments) }),
  };
  return { ...typed<object>(message), data: { ...data, ...sortedRows } };
};

/** Unix ms of the start of a scenario: a change told by a frame happened when its request started. */
function startOf(frames: Frame[]): number | undefined {
  for (const frame of frames.filter(({ kind }) => kind === "received")) {
    const request = frames.findLast(({ kind, startedMs }) => kind === "api" && (startedMs ?? 0) < frame.ms);
    const { data } = typed<Partial<Sync>>(frame.data);
    const times = [...(data?.featureFlags ?? []), ...(data?.segments ?? [])].map(({ updatedAt }) =>
      Date.parse(updatedAt),
    );
    if (request && times.length > 0)
      return Math.max(...times.filter((ms) => !Number.isNaN(ms))) - (request.startedMs ?? 0);
  }
  return undefined;
}

async function playFrames(replay: Replay, entry: RecordedEntry): Promise<string[]> {
  const frames = framesOf(entry);
  const connections = new Map<string, Connection>();
  const found: string[] = [];
  const start = startOf(frames);
  const named = (frame: Frame): Connection => {
    const connection = connections.get(frame.conn ?? "c1");
    if (!connection) throw new Error(`${entry.id}: no connection ${frame.conn}`);
    return connection;
  };
  for (const frame of frames) {
    const at = `${entry.id}@${frame.ms}`;
    switch (frame.kind) {
      case "open": {
        const connection = new Connection(replay, OPENINGS[entry.id] ?? {});
        connections.set(frame.conn ?? "c1", connection);
        await connection.open();
        break;
      }
      case "sent":
        named(frame).send(frame.data);
        break;
      case "received": {
        const connection = named(frame);
        if (!(await until(() => connection.received.length > 0))) found.push(`${at}: nothing received`);
        else
          found.push(...differences(sorted(frame.data), sorted(connection.received.shift()), replay.ids, at));
        break;
      }
      case "close": {
        const connection = named(frame);
        if (frame.code === 4003) {
          await until(() => connection.closed !== undefined);
          found.push(
            ...differences({ code: frame.code, reason: frame.reason }, connection.closed, replay.ids, at),
          );
        } else if (connection.closed) found.push(`${at}: closed early with ${connection.closed.code}`);
        else if (frame.code === 1006) connection.terminate();
        else connection.close(frame.code ?? 1000);
        break;
      }
      case "api":
        clock.ms = start === undefined ? clock.ms + 5 : Math.max(clock.ms, start + (frame.startedMs ?? 0));
        found.push(...(await playApi(replay, frame, at)));
        break;
      case "note":
      case "still-open":
        break;
      default:
        throw new Error(`${at}: unknown frame ${frame.kind}`);
    }
  }
  await sleep(20);
  for (const [name, { received }] of connections) {
    if (received.length > 0) found.push(`${entry.id}: ${name} received ${received.length} more`);
  }
  return found;
}

async function playApi(replay: Replay, frame: Frame, at: string): Promise<string[]> {
  const { method = "GET", path = "", body, status } = frame;
  const headers = { "Content-Type": "application/json" };
  const answer = await replay.send({
    method,
    path,
    authAs: "full",
    headers,
    ...(body !== undefined && { body }),
  });
  return [
    ...differences(status, answer.status, replay.ids, `${at} status`),
    ...differences(frame.response, answer.body, replay.ids, at),
  ];
}

/** The official SDK through the recorded changes: its events and evaluations are the expectation. */
async function playSdk(replay: Replay, entry: RecordedEntry): Promise<string[]> {
  const found: string[] = [];
  const client = new FbClientBuilder()
    .sdkKey(SECRETS.dev.server)
    .streamingUri(replay.sandbox.streamingUrl)
    .eventsUri(replay.sandbox.evaluationUrl)
    .logLevel("none")
    .build();
  const updates: string[][] = [];
  client.on("update", (keys: string[]) => updates.push(keys));
  await client.waitForInitialization();
  for (const frame of framesOf(entry)) {
    const at = `${entry.id}@${frame.ms}`;
    if (frame.kind === "api") {
      clock.ms += 5;
      found.push(...(await playApi(replay, frame, at)));
    } else if (frame.kind === "sdk-event" && frame.name === "update") {
      if (!(await until(() => updates.length > 0))) found.push(`${at}: no update`);
      else
        found.push(
          ...differences(typed<string[]>(frame.data).toSorted(), updates.shift()?.toSorted(), replay.ids, at),
        );
    } else if (frame.kind === "sdk-variation") {
      const detail = await evaluateAs(client, frame);
      found.push(
        ...differences(
          frame.user ? frame.detail : { ...frame.detail, value: detail.value },
          detail,
          replay.ids,
          at,
        ),
      );
    } else if (frame.kind === "sdk-all") {
      const all = await client.getAllVariations(new UserBuilder("user-2").build());
      found.push(...differences(flagKeys(frame.data), flagKeys(all), replay.ids, at));
    }
  }
  await client.close();
  return found;
}

const flagKeys = (details: unknown) =>
  typed<{ flagKey: string }[]>(details)
    .map(({ flagKey }) => flagKey)
    .toSorted();

/** `user-9 FR` stands for user-9 with country FR. */
function evaluateAs(client: IFbClient, { flag = "", user = "user-2" }: Frame) {
  const [key = "", country] = user.split(" ");
  const builder = new UserBuilder(key);
  return client.boolVariationDetail(
    flag,
    (country ? builder.custom("country", country) : builder).build(),
    false,
  );
}

test("streams as the recorded evaluation server did", async () => {
  const initial = typed<Sync>(
    framesOf(typed<RecordedEntry>(entries[0])).find(({ kind }) => kind === "received")?.data,
  );
  const { featureFlags, segments } = initial.data;
  clock.ms = Math.max(...featureFlags.map(({ updatedAt }) => Date.parse(updatedAt))) + 1000;
  await using replay = await createReplay({ now: () => clock.ms });
  replay.sandbox.seed({
    flags: featureFlags.map((flag) => ({
      ...flag,
      env: "shop/dev",
      by: "rec-full",
      createdAt: new Date(flag.updatedAt),
    })),
    segments: segments.map((row) => ({
      ...row,
      env: "shop/dev",
      key: "dev-seg",
      createdAt: new Date(row.updatedAt),
    })),
  });
  const [dev] = replay.sandbox.world.segments;
  if (dev) dev.name = "Dev seg";
  let leftOut = 0;
  for (const entry of entries) {
    if (LEFT_OUT[entry.id]) leftOut += 1;
    else if (isExchange(entry)) await replay.check(entry);
    else if (entry.id === "official-sdk") {
      clock.ms = Date.now();
      replay.note(entry, await playSdk(replay, entry));
    } else replay.note(entry, await playFrames(replay, entry));
  }
  process.stdout.write(`streaming recordings: ${replay.compared} comparisons, ${leftOut} entries left out\n`);
  expect(Object.fromEntries(replay.failures)).toEqual({});
});

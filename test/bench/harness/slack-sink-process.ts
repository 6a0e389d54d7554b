import { createServer } from "node:http";
import { nowMs } from "./clock.ts";
import { answering, servePart } from "./part.ts";
import { firstTold, openSink, paceSink, type SinkOpened, whatWasTold } from "./slack-sink.ts";

const stack = new AsyncDisposableStack();
let messages = 0;
let isPaced = false;
let freeAtMs = 0;
const toldAt = new Map<string, number>();
/** Alertmanager says of how many alerts a group is, and of which group: the newest counts. */
const groups = new Map<string, number>();

function note(body: string): void {
  const atMs = nowMs();
  messages += 1;
  const group = /\[FIRING:(\d+)\] ([^(\\"]*)/.exec(body);
  if (group?.[2] !== undefined) groups.set(group[2].trim(), Number(group[1]));
  for (const id of body.match(/\bmk[a-z0-9]+-\d+\b/g) ?? []) if (!toldAt.has(id)) toldAt.set(id, atMs);
}

function alertsTold(): number {
  if (groups.size === 0) return toldAt.size;
  return [...groups.values()].reduce((sum, count) => sum + count, 0);
}

const identity = {
  url: "http://127.0.0.1/",
  team: "Sink",
  team_id: "T1",
  user: "bot",
  user_id: "U1",
  bot_id: "B1",
};

async function open(): Promise<SinkOpened> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const path = request.url ?? "";
      const isHook = path.startsWith("/services/");
      const isMessage = isHook || path === "/api/chat.postMessage";
      if (isMessage && isPaced && nowMs() < freeAtMs) {
        response.writeHead(429, { "retry-after": "1", "content-type": "text/plain" }).end("rate_limited");
        return;
      }
      if (isMessage) freeAtMs = nowMs() + 1000;
      if (isHook) {
        note(body);
        response.setHeader("content-type", "text/plain").end("ok");
        return;
      }
      const isForm =
        request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
      if (isMessage) note(isForm ? decodeURIComponent(body.replaceAll("+", " ")) : body);
      const answer = { ok: true, ...(isMessage ? { channel: "C1", ts: `${messages}.000001` } : identity) };
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => server.closeAllConnections());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  const url = `http://127.0.0.1:${address.port}`;
  return { webhookUrl: `${url}/services/T1/B1/bench`, apiUrl: `${url}/api/` };
}

servePart(
  [
    answering(openSink, open),
    answering(whatWasTold, () => Promise.resolve({ messages, alerts: alertsTold() })),
    answering(paceSink, () => {
      isPaced = true;
      return Promise.resolve(null);
    }),
    answering(firstTold, () => Promise.resolve([...toldAt])),
  ],
  stack,
);

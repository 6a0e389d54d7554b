import { createAlertWriter, signedRequest } from "./alerts.ts";
import { nowMs } from "./clock.ts";
import { percentile } from "./figures.ts";
import { createHttpConnection, type HttpConnection } from "./http-connection.ts";
import {
  type ClosedPlan,
  closedLoop,
  type Load,
  openLoop,
  openLoopById,
  type OpenPlan,
  sendOne,
} from "./load.ts";
import { answering, servePart } from "./part.ts";

type Mix = ClosedPlan["mix"];

const isAccepted = (status: number): boolean => status >= 200 && status < 300;
/** Requests under way at once in the open loop; one more than that waits, and its waiting counts. */
const mostOpen = 256;

/** Whole requests, one after the other. */
function createSender(mix: Mix): () => { id: string; request: string } {
  const write = createAlertWriter(mix.form);
  const url = new URL(mix.url);
  let sent = 0;
  return () => {
    const number = mix.fingerprints === null ? sent : sent % mix.fingerprints;
    sent += 1;
    const id = `${mix.run}-${number}`;
    const { service, name } = kindOf(mix, number, id);
    const body = write({ service, name, severity: mix.severity ?? "warning", id });
    return { id, request: signedRequest(url, mix.secret, body) };
  };
}

function kindOf({ services, named, kinds }: Mix, number: number, id: string) {
  const kind = kinds === undefined ? number : number % kinds.count;
  const service = services[kind % services.length] ?? "";
  if (kinds !== undefined) return { service, name: `${kinds.name}${Math.floor(kind / services.length)}` };
  return { service, name: named ? `Errors ${id}` : `HighErrorRate${number % 20}` };
}

/** Counts answers; what is answered outside of the measured time is only known to have been accepted. */
function createTally(fromMs: number, toMs: number) {
  const latencies: number[] = [];
  const others: Record<string, number> = {};
  let inTime = 0;
  let inAll = 0;
  let last = 0;
  return {
    answered(status: number, dueMs: number, atMs: number): void {
      if (!isAccepted(status)) {
        others[status] = (others[status] ?? 0) + 1;
        return;
      }
      inAll += 1;
      last = atMs;
      if (atMs >= fromMs && atMs < toMs) inTime += 1;
      if (dueMs >= fromMs && dueMs < toMs) latencies.push(atMs - dueMs);
    },
    load(endedMs: number): Load {
      const seconds = (Math.min(endedMs, toMs) - fromMs) / 1000;
      return {
        perSecond: inTime / seconds,
        accepted: inTime,
        others,
        p50Ms: latencies.length === 0 ? 0 : percentile(latencies, 0.5),
        p99Ms: latencies.length === 0 ? 0 : percentile(latencies, 0.99),
        acceptedInAll: inAll,
        lastAcceptedAtMs: last,
      };
    },
  };
}

async function runClosed({ mix, connections, warmUpMs, measureMs, most }: ClosedPlan): Promise<Load> {
  const next = createSender(mix);
  const fromMs = nowMs() + warmUpMs;
  const toMs = fromMs + measureMs;
  const tally = createTally(fromMs, toMs);
  let sent = 0;
  const one = (connection: HttpConnection) =>
    new Promise<void>((resolve) => {
      const again = (): void => {
        const startedMs = nowMs();
        if (startedMs >= toMs || sent >= most) return resolve();
        sent += 1;
        connection.send(next().request, (status) => {
          tally.answered(status, startedMs, nowMs());
          // A door that is not there would else be asked as fast as the machine can.
          if (status === 0) setTimeout(again, 10);
          else again();
        });
      };
      again();
    });
  const all = Array.from({ length: connections }, () => createHttpConnection(new URL(mix.url)));
  await Promise.all(all.map(one));
  const endedMs = nowMs();
  for (const connection of all) connection.close();
  return tally.load(endedMs);
}

async function runOpen(
  { mix, perSecond, warmUpMs, measureMs }: OpenPlan,
  told: (id: string, status: number, atMs: number) => void = () => undefined,
): Promise<Load> {
  const next = createSender(mix);
  const startMs = nowMs();
  const fromMs = startMs + warmUpMs;
  const toMs = fromMs + measureMs;
  const tally = createTally(fromMs, toMs);
  const count = Math.round((perSecond * (warmUpMs + measureMs)) / 1000);
  const all: HttpConnection[] = [];
  const free: HttpConnection[] = [];
  const late: number[] = [];
  let answers = 0;
  const done = Promise.withResolvers<void>();

  function send(dueMs: number): void {
    let connection = free.pop();
    if (connection === undefined) {
      if (all.length >= mostOpen) {
        late.push(dueMs);
        return;
      }
      connection = createHttpConnection(new URL(mix.url));
      all.push(connection);
    }
    const used = connection;
    const { id, request } = next();
    used.send(request, (status) => {
      const atMs = nowMs();
      tally.answered(status, dueMs, atMs);
      told(id, status, atMs);
      free.push(used);
      answers += 1;
      if (answers === count) done.resolve();
      const waiting = late.shift();
      if (waiting !== undefined) send(waiting);
    });
  }

  let sent = 0;
  const tick = (): void => {
    for (;;) {
      const dueMs = startMs + (sent * 1000) / perSecond;
      if (dueMs > nowMs()) break;
      sent += 1;
      send(dueMs);
      if (sent === count) return;
    }
    setTimeout(tick, 1);
  };
  tick();
  await done.promise;
  const endedMs = Math.max(nowMs(), toMs);
  for (const connection of all) connection.close();
  return tally.load(endedMs);
}

const write = createAlertWriter();

servePart(
  [
    answering(closedLoop, runClosed),
    answering(openLoop, (plan) => runOpen(plan)),
    answering(openLoopById, async (plan) => {
      const acks: [string, number][] = [];
      await runOpen(plan, (id, status, atMs) => {
        if (isAccepted(status)) acks.push([id, atMs]);
      });
      return acks;
    }),
    answering(sendOne, ({ url, secret, words }) => {
      const connection = createHttpConnection(new URL(url));
      return new Promise((resolve) => {
        connection.send(signedRequest(new URL(url), secret, write(words)), (status) => {
          resolve({ status, atMs: nowMs() });
          connection.close();
        });
      });
    }),
  ],
  new AsyncDisposableStack(),
);

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { alertmanagerBody, type RaisedAlert } from "../../../src/sandbox/services/alert-bodies.ts";

/** One alert as its sender knows it: the first of the four records. */
export interface SentAlert {
  /** The id of the delivery; it also stands in the description, so that its row is found in the inbox. */
  id: string;
  status: "firing" | "resolved";
  attempts: number;
  /** Whether any of them was answered 202. */
  acknowledged: boolean;
  /** Every answer in order: a status, or that none came. */
  answers: (number | "none")[];
  /** The newest Retry-After it was given. */
  retryAfter: string | null;
}

export interface Sender {
  readonly sent: readonly SentAlert[];
  /** Sends until it is acknowledged, as Alertmanager does, if need be to another door. Rejects when that takes too long. */
  send(alert: RaisedAlert, status?: SentAlert["status"], door?: string): Promise<SentAlert>;
  /** The very same bytes under the same id so often at once; `again` sends them once more. */
  repeat(alert: RaisedAlert, times: number): Promise<{ entry: SentAlert; again: () => Promise<void> }>;
  /** One attempt, whatever comes of it. */
  attempt(alert: RaisedAlert, status?: SentAlert["status"]): Promise<SentAlert>;
}

const answerWithinMs = 4_000;
const acknowledgedWithinMs = 90_000;
/** As many connections as a large monitoring system has: hundreds would overflow what waits at a door that has just opened. */
const connections = 64;
/** 0.1 s, 0.2 s … 1.6 s: hundreds of alerts that wait for one database must not keep this process busy. */
const pauseMs = (attempts: number): number => 100 * 2 ** Math.min(attempts - 1, 4);

/** A monitoring system that names its deliveries: tries of one carry the same id and the same bytes. */
export function createSender(doorUrl: string, secret: string): Sender {
  const sent: SentAlert[] = [];
  const inTurn = createTurns(connections);

  const begin = (alert: RaisedAlert, status: SentAlert["status"], door = doorUrl) => {
    const id = randomUUID();
    const entry: SentAlert = { id, status, attempts: 0, acknowledged: false, answers: [], retryAfter: null };
    sent.push(entry);
    const named = { ...alert, description: `${alert.description} ${deliveryMark(id)}` };
    const body = JSON.stringify(alertmanagerBody(named, status, Date.now()));
    return { entry, once: () => inTurn(() => post(door, entry, body)) };
  };

  async function post(door: string, entry: SentAlert, body: string): Promise<void> {
    entry.attempts += 1;
    try {
      const response = await fetch(`${door}/webhooks/alertmanager`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${secret}`,
          "idempotency-key": entry.id,
        },
        body,
        signal: AbortSignal.timeout(answerWithinMs),
      });
      await response.arrayBuffer();
      entry.answers.push(response.status);
      entry.retryAfter = response.headers.get("retry-after") ?? entry.retryAfter;
      if (response.status === 202) entry.acknowledged = true;
    } catch {
      entry.answers.push("none");
    }
  }

  return {
    sent,
    async repeat(alert, times) {
      const { entry, once } = begin(alert, "firing");
      await Promise.all(Array.from({ length: times }, once));
      return { entry, again: once };
    },
    async attempt(alert, status = "firing") {
      const { entry, once } = begin(alert, status);
      await once();
      return entry;
    },
    async send(alert, status = "firing", door = doorUrl) {
      const { entry, once } = begin(alert, status, door);
      const deadline = performance.now() + acknowledgedWithinMs;
      for (;;) {
        await once();
        if (entry.acknowledged) return entry;
        if (performance.now() > deadline)
          throw new Error(
            `an alert was not acknowledged in ${entry.attempts} attempts: ${entry.answers.join()}`,
          );
        await delay(pauseMs(entry.attempts));
      }
    },
  };
}

/** At most so many at once; the others wait, the first come first. */
function createTurns(atOnce: number): (run: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

function deliveryMark(id: string): string {
  return `[delivery ${id}]`;
}

/** Which delivery a raw body is; null for one that no sender of the campaign made. */
export function deliveryIn(body: string): string | null {
  return /\[delivery ([0-9a-f-]{36})\]/.exec(body)?.[1] ?? null;
}

import { setTimeout as wait } from "node:timers/promises";
import { OpsError } from "../../domain/ops-error.ts";

/**
 * What goes first: the first card of something critical, then other first cards, then cards written anew, then lines.
 * What is wrong must not wait behind more about what is known to be wrong.
 */
const urgencies = ["alarm", "card", "update", "line"] as const;
export type Urgency = (typeof urgencies)[number];

export interface Pacer {
  /**
   * Sends in its turn, and tells `send` how long that took to come. A send that was refused for its rate has had no
   * effect and is tried once more.
   */
  send<T>(channel: string, urgency: Urgency, send: (waitedMs: number) => Promise<T>): Promise<T>;
}

export interface PacerOptions {
  intervalMs: number;
  burst: number;
  patienceMs: number;
  leaving?: AbortSignal;
}

interface Lane {
  waiting: Record<Urgency, (() => Promise<void>)[]>;
  running: boolean;
  free: number;
  refilledAt: number;
  closedUntil: number;
}

/**
 * Slack takes about one message a second and channel, with short bursts (contract §1, rate tiers). Sends of one
 * channel go out one after another, at most `burst` at once and then one per `intervalMs`. When Slack names a
 * time to wait, the whole channel waits; a wait longer than `patienceMs` is the caller's to sit out. Once `leaving`,
 * what waits for its turn fails: whoever runs next sends it.
 */
export function createPacer(options: PacerOptions): Pacer {
  const { intervalMs, burst, patienceMs, leaving } = options;
  const lanes = new Map<string, Lane>();

  const laneOf = (channel: string): Lane => {
    const known = lanes.get(channel);
    if (known !== undefined) return known;
    const made: Lane = {
      waiting: { alarm: [], card: [], update: [], line: [] },
      running: false,
      free: burst,
      refilledAt: performance.now(),
      closedUntil: 0,
    };
    lanes.set(channel, made);
    return made;
  };

  const turn = async (lane: Lane): Promise<void> => {
    if (leaving?.aborted) throw left();
    const now = performance.now();
    const pauseMs = lane.closedUntil - now;
    if (pauseMs > patienceMs) {
      throw new OpsError(
        "rate_limited",
        `Slack asked for a pause; ${Math.ceil(pauseMs / 1000)} s of it are left.`,
        { retryAfterMs: Math.ceil(pauseMs) },
      );
    }
    lane.free = Math.min(burst, lane.free + (now - lane.refilledAt) / intervalMs);
    lane.refilledAt = now;
    const waitMs = Math.max((1 - lane.free) * intervalMs, pauseMs, 0);
    lane.free -= 1;
    if (waitMs <= 0) return;
    await wait(waitMs, undefined, leaving && { signal: leaving }).catch(() => {
      throw left();
    });
  };

  const attempt = async <T>(
    lane: Lane,
    send: (waitedMs: number) => Promise<T>,
    since: number,
  ): Promise<T> => {
    await turn(lane);
    try {
      return await send(performance.now() - since);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "rate_limited") throw error;
      lane.closedUntil = performance.now() + (error.retryAfterMs ?? intervalMs);
      await turn(lane);
      return send(performance.now() - since);
    }
  };

  const drain = async (lane: Lane): Promise<void> => {
    if (lane.running) return;
    lane.running = true;
    for (;;) {
      const most = urgencies.find((urgency) => lane.waiting[urgency].length > 0);
      const next = most === undefined ? undefined : lane.waiting[most].shift();
      if (next === undefined) break;
      await next();
    }
    lane.running = false;
  };

  return {
    send<T>(channel: string, urgency: Urgency, send: (waitedMs: number) => Promise<T>): Promise<T> {
      const lane = laneOf(channel);
      const since = performance.now();
      return new Promise<T>((resolve, reject) => {
        lane.waiting[urgency].push(() => attempt(lane, send, since).then(resolve, reject));
        void drain(lane);
      });
    },
  };
}

function left(): OpsError {
  return new OpsError("unreachable", "Signalman is stopping, so this waits for the next start.");
}

import { OpsError } from "../../domain/ops-error.ts";

export type Pacer = ReturnType<typeof createPacer>;

/**
 * Slack takes about one message a second and channel, with short bursts (contract §1, rate tiers). Sends of one
 * channel go out one after another, at most `burst` at once and then one per `intervalMs`. When Slack names a
 * time to wait, the whole channel waits; a wait longer than `patienceMs` is the caller's to sit out.
 */
export function createPacer(options: { intervalMs: number; burst: number; patienceMs: number }) {
  const { intervalMs, burst, patienceMs } = options;
  const lanes = new Map<string, Lane>();

  const laneOf = (channel: string): Lane => {
    const known = lanes.get(channel);
    if (known !== undefined) return known;
    const made: Lane = {
      tail: Promise.resolve(),
      free: burst,
      refilledAt: performance.now(),
      closedUntil: 0,
    };
    lanes.set(channel, made);
    return made;
  };

  const turn = async (lane: Lane): Promise<void> => {
    const now = performance.now();
    lane.free = Math.min(burst, lane.free + (now - lane.refilledAt) / intervalMs);
    lane.refilledAt = now;
    const waitMs = Math.max((1 - lane.free) * intervalMs, lane.closedUntil - now, 0);
    lane.free -= 1;
    if (waitMs <= 0) return;
    if (waitMs > patienceMs) {
      lane.free += 1;
      throw new OpsError(
        "rate_limited",
        `Slack asked for a pause; ${Math.ceil(waitMs / 1000)} s of it are left.`,
        {
          retryAfterMs: Math.ceil(waitMs),
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  };

  const attempt = async <T>(lane: Lane, send: () => Promise<T>): Promise<T> => {
    await turn(lane);
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "rate_limited") throw error;
      lane.closedUntil = performance.now() + (error.retryAfterMs ?? intervalMs);
      await turn(lane);
      return send();
    }
  };

  return {
    /** Sends in its turn. A send that was refused for its rate has had no effect and is tried once more. */
    send<T>(channel: string, send: () => Promise<T>): Promise<T> {
      const lane = laneOf(channel);
      const sent = lane.tail.then(() => attempt(lane, send));
      lane.tail = sent.then(
        () => undefined,
        () => undefined,
      );
      return sent;
    },
  };
}

interface Lane {
  tail: Promise<void>;
  free: number;
  refilledAt: number;
  closedUntil: number;
}

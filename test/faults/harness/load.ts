import type { RaisedAlert } from "../../../src/sandbox/services/alert-bodies.ts";
import type { Random } from "../../support/random.ts";
import type { Lane } from "./lane.ts";
import { playRound } from "./round.ts";

export const alertsPerSecond = 50;

export interface Load {
  /** No more alerts and no further round; resolves when what was begun has come to its end. */
  end(): Promise<void>;
}

/**
 * Fifty alerts a second of a dozen kinds, most of them sent until they are acknowledged, and rounds of approvals in which everybody
 * presses at once: what a bad day looks like.
 */
export function startLoad(lane: Lane, draw: Random): Load {
  const under: Promise<unknown>[] = [];
  let failure: unknown = null;
  let ended = false;
  const watch = (work: Promise<unknown>): void => {
    under.push(work.catch((error: unknown) => (failure ??= error)));
  };
  let due = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    due += ((now - last) / 1000) * alertsPerSecond;
    last = now;
    for (; due >= 1; due -= 1) {
      // One in ten is sent by somebody who does not try again.
      watch(draw.chance(0.1) ? lane.sender.attempt(noise(draw)) : lane.sender.send(noise(draw)));
    }
  }, 40);
  const rounds = async (): Promise<void> => {
    await playRound(lane, { crowd: true, timeoutMs: 120_000 });
    if (!ended) await rounds();
  };
  watch(rounds());
  return {
    async end() {
      ended = true;
      clearInterval(timer);
      await Promise.all(under);
      if (failure !== null) throw failure;
    },
  };
}

/** Alerts of another service than the rounds': there is nothing to be changed about them. */
function noise(draw: Random): RaisedAlert {
  return {
    name: `SearchNoise${draw.integer(1, 12)}`,
    service: "search",
    environment: "production",
    severity: "warning",
    summary: "Search: a shard answers late",
    description: "One shard of search answers late.",
    startsAt: Date.now() - 1_000,
    labels: { instance: `shard-${draw.integer(1, 500)}` },
  };
}

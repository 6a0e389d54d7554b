import { setTimeout as delay } from "node:timers/promises";
import type { Contender } from "./contenders.ts";
import { rounded } from "./figures.ts";
import type { Load } from "./load.ts";
import { sourceSecret } from "./stand-ins.ts";

/** The world that plain intake is measured in. */
export const plainWorld = { services: 10, channelEach: false, groupBy: [], withModel: true };

/** Starts what is to be measured, puts a load on it, and ends it. */
export async function loaded(
  start: () => Promise<Contender>,
  put: (url: string) => Promise<Load>,
): Promise<Load> {
  await using contender = await start();
  await settled();
  return await put(contender.url);
}

/** What a start leaves to be done soon after it is no part of what is measured. */
export function settled(): Promise<void> {
  return delay(300);
}

/** Alerts of all services of the plain world, each one an own. */
export function mixFor(url: string) {
  const services = Array.from({ length: plainWorld.services }, (_, index) => `bench-${index}`);
  return { url, secret: sourceSecret, run: "load", services, fingerprints: null, named: false };
}

export function shownLoad({ perSecond, p50Ms, p99Ms, others }: Load): string {
  const refused = Object.entries(others).map(([status, count]) => `, ${count} answers of status ${status}`);
  return `${Math.round(perSecond)}/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms${refused.join("")}`;
}

/** An arm's value of a round. */
export function valueAt(values: readonly number[], round: number): number {
  const value = values[round];
  if (value === undefined) throw new Error("every arm has a value in every round");
  return value;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Lane } from "./lane.ts";
import { variables } from "./patches.ts";
import type { Pointing } from "./trial.ts";

const lookEveryMs = 10;

/**
 * In a process of Signalman: `Date` is from now on off by as many milliseconds as the file says, which may change at any
 * time. Timers and the monotonic clock stay as they are, as when somebody sets a machine's clock.
 */
export function followClock(file: string): void {
  const real = Date;
  let offMs = 0;
  setInterval(() => {
    offMs = Number(readFileSync(file, "utf8"));
  }, lookEveryMs).unref();
  const now = () => real.now() + offMs;
  globalThis.Date = new Proxy(real, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new real(now()).toString(),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}

/** For a lane kind: its processes have a clock that `setClock` sets. */
export function withOwnClock({ env, stack }: Pointing): void {
  const folder = mkdtempSync(join(tmpdir(), "signalman-clock-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  env[variables.clock] = join(folder, "off-ms");
  writeFileSync(join(folder, "off-ms"), "0");
}

/** Sets the clock of the lane's processes off by so much, at once. */
export async function setClock(lane: Lane, offMs: number): Promise<void> {
  lane.note(`the clock is off by ${offMs / 60_000} minutes`);
  writeFileSync(lane.env[variables.clock] ?? "", String(offMs));
  await delay(3 * lookEveryMs);
}

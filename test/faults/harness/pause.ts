import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../support/until.ts";
import { crashPoints } from "./crash-points.ts";
import type { Lane } from "./lane.ts";
import type { Patch } from "./patches.ts";
import type { LaneKind } from "./trial.ts";

/** The lease of every lane (`hurry.ts`), and a little. */
export const longerThanALeaseMs = 3_600;

/** Places where a process is stopped, beside the crash points: work is in hand there, and nothing is done yet. */
export const pausePoints: readonly Patch[] = [
  {
    file: "pipeline/execute.ts",
    find: '  if (state.expiresAt !== null && now >= state.expiresAt) {\n    return commit(loaded, { command: "expire" }',
    put: '  globalThis.faultPoint("approved");\n  if (state.expiresAt !== null && now >= state.expiresAt) {\n    return commit(loaded, { command: "expire" }',
  },
  {
    file: "adapters/featbit/apply-plan.ts",
    find: "  if (!(await request.stillOurs())) return",
    put: '  globalThis.faultPoint("before the lease is looked at");\n  if (!(await request.stillOurs())) return',
  },
];

/** Two processes of Signalman on one database, either of which may be stopped while the other goes on. */
export const replicas: LaneKind = {
  name: "two replicas",
  roles: ["all", "all"],
  patches: [...crashPoints, ...pausePoints],
};

/**
 * Stops the process that passes `point` next (SIGSTOP), does `meanwhile`, and lets it go on. It knows nothing of the
 * time that has passed.
 */
export async function pausedAt(
  lane: Lane,
  point: string,
  begin: () => Promise<unknown>,
  meanwhile: () => Promise<void> | void,
) {
  const armed = lane.arm(point, "SIGSTOP");
  const begun = begin();
  begun.catch(() => undefined);
  try {
    await armed.strike();
    // It claims the point and only then stops.
    await until("the process to stand still", () => lane.processes.some((each) => isStopped(each.pid())), {
      everyMs: 5,
    });
    await meanwhile();
  } finally {
    resume(lane);
  }
  await begun;
}

/** Stops a process from outside, wherever it is, for so long. */
export async function pause(lane: Lane, index: number, ms: number): Promise<void> {
  const pid = lane.processes[index]?.pid();
  if (pid === undefined) throw new Error(`process ${index} does not run and cannot be stopped`);
  lane.note(`SIGSTOP ${pid} for ${ms} ms`);
  process.kill(pid, "SIGSTOP");
  try {
    await delay(ms);
  } finally {
    resume(lane);
  }
}

/** Where there is no /proc, it is taken to be so. */
function isStopped(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  if (!existsSync("/proc/self/stat")) return true;
  return /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

function resume(lane: Lane): void {
  for (const each of lane.processes) {
    const pid = each.pid();
    if (pid !== undefined) process.kill(pid, "SIGCONT");
  }
  lane.note("SIGCONT");
}

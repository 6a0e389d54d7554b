import { readdirSync, readFileSync } from "node:fs";

/**
 * Memory of these processes and all below them, in MB of 10^6 bytes, as the proportional set size: what several
 * processes share, as those of PostgreSQL do, counts once. Linux: `/proc/<pid>/smaps_rollup`. 0 where there is none.
 */
export function memoryMb(roots: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of withDescendants(roots)) kilobytes += pssOf(pid);
  return (kilobytes * 1024) / 1e6;
}

/** The process that started `pid`; 0 where it cannot be told. */
export function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets, which may hold anything.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

/** These processes and all below them, as they are now. */
export function withDescendants(roots: readonly number[]): Set<number> {
  const parents = new Map(allPids().map((pid) => [pid, parentOf(pid)]));
  const found = new Set(roots);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (found.has(parent) && !found.has(pid)) {
        found.add(pid);
        grown = true;
      }
    }
  }
  return found;
}

function allPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function pssOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

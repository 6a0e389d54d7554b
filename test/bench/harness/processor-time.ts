import { readFileSync } from "node:fs";

/** Clock ticks a second that Linux counts processor time in. */
const ticksPerSecond = 100;

/** What processors have done so far for a process and for its children that ended, in microseconds; 0 for one that is gone. */
export function processorTimeUs(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return 0;
  }
  // After the name, which may hold anything: user and system time are the 12th and 13th field from there, those of
  // children that ended the next two.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
  return (ticks / ticksPerSecond) * 1_000_000;
}

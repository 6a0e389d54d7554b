import { readFileSync } from "node:fs";
import { availableParallelism, platform, release, totalmem } from "node:os";

/** What was measured on, in one line. */
export function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${availableParallelism()} cores, ${memory}, ${systemName()}, Node ${process.version.slice(1)}`;
}

function systemName(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
    if (name !== undefined) return name;
  } catch {
    // Not every system has that file.
  }
  return `${platform()} ${release()}`;
}

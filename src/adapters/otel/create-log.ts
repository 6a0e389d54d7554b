import { destination as fileDestination, pino } from "pino";
import type { Log } from "../../pipeline/ports/log.ts";

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error" | "silent";
  /** Absent: standard output. */
  file?: string | undefined;
  /** Stands on every line. */
  base: { role: string };
}

/** JSON lines. Keys that could hold a credential are masked wherever they stand. */
export function createLog({ level, file, base }: LogOptions): Log {
  return pino(
    {
      level,
      base,
      redact: { paths: secretPaths, censor: "[secret]" },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: the last line before a crash is the one that matters.
    fileDestination(file === undefined ? { fd: 1, sync: true } : { dest: file, sync: true, mkdir: true }),
  );
}

const secretKeys = ["authorization", "token", "secret", "password", "apiKey", "cookie"];
const secretPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

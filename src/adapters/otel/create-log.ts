import { destination as fileDestination, pino, stdSerializers } from "pino";
import { namesSecret, redact } from "../../domain/redact.ts";
import type { Log, LogFields } from "../../pipeline/ports/log.ts";

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error" | "silent";
  /** Absent: standard output. */
  file?: string | undefined;
  /** Stands on every line. */
  base: { role: string };
}

/** JSON lines. Values of names that mean a credential are masked, and credentials in texts are taken out. */
export function createLog({ level, file, base }: LogOptions): Log {
  const lines = pino(
    {
      level,
      base,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Written out already.
      serializers: { err: (error: unknown) => error },
    },
    // Synchronous: the last line before a crash is the one that matters.
    fileDestination(file === undefined ? { fd: 1, sync: true } : { dest: file, sync: true, mkdir: true }),
  );
  const say = (at: keyof Log) => (fields: LogFields, message: string) => {
    if (lines.isLevelEnabled(at)) lines[at](withoutSecrets(fields, deepest), redact(message));
  };
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}

/** What lies deeper than this is left out: nothing that is logged on purpose does. */
const deepest = 6;

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth === 0) return "[deeper]";
  if (value instanceof Error) return withoutSecrets({ ...stdSerializers.err(value) }, depth - 1);
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isSecret(name, each) ? "[secret]" : withoutSecrets(each, depth - 1),
    ]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  return typeof value === "string" && (namesSecret(name) || /^authorization$/i.test(name));
}

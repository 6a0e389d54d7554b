import { logs, SeverityNumber, trace } from "@opentelemetry/api";
import { destination as fileDestination, pino, stdSerializers } from "pino";
import { OpsError } from "../../domain/ops-error.ts";
import { namesSecret, redact } from "../../domain/redact.ts";
import type { Log, LogFields } from "../../pipeline/ports/log.ts";
import { workInHand } from "../../watch/work-in-hand.ts";

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
    if (!lines.isLevelEnabled(at)) return;
    const clean = withoutSecrets(complete(at, fields), deepest);
    const words = redact(message);
    lines[at](clean, words);
    send(at, clean, words);
  };
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}

/**
 * What stands on every line, "" where it does not apply. `errorClass` does on each warning and error, and wherever
 * there is an `err`; "" is a warning of something that is no failure.
 */
function complete(at: keyof Log, fields: LogFields): LogFields {
  const { correlationId = "", stage = "" } = workInHand() ?? {};
  const { intent, err, ...rest } = fields;
  const names = { correlationId, stage, intent: intent === "" ? "run" : intent, ...placeInTrace() };
  if (err === undefined && at !== "warn" && at !== "error") return { ...names, ...rest };
  return { ...names, errorClass: classOf(at, err), ...rest, ...(err !== undefined && { err }) };
}

/** Nothing where nobody traces. */
function placeInTrace(): { trace_id?: string; span_id?: string } {
  const at = trace.getActiveSpan()?.spanContext();
  return at === undefined ? {} : { trace_id: at.traceId, span_id: at.spanId };
}

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** To whoever collects logs by OTLP; to nobody unless `startTelemetry` was told to. */
function send(at: keyof Log, fields: Record<string, unknown>, message: string): void {
  const logger = logs.getLogger("signalman");
  const severityNumber = severities[at];
  if (!logger.enabled({ severityNumber })) return;
  const { trace_id: _trace, span_id: _span, ...rest } = fields;
  const attributes = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null ? JSON.stringify(value) : String(value),
    ]),
  );
  logger.emit({ severityNumber, severityText: at, body: message, attributes });
}

function classOf(at: keyof Log, err: unknown): string {
  if (err instanceof OpsError) return err.code;
  return err === undefined && at !== "error" ? "" : "bug";
}

/** What lies deeper than this is left out: nothing that is logged on purpose does. */
const deepest = 6;

function withoutSecrets<Value>(value: Value, depth: number): Value;
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

import { LogLevel, type Logger } from "@slack/web-api";
import type { Log } from "../../pipeline/ports/log.ts";

/** Slack's libraries log through this and never to the console. Their debug lines hold payloads and are dropped. */
export function toSlackLogger(log: Log): Logger {
  const fields = { intent: "use Slack's libraries", component: "slack-sdk" };
  const failed = { ...fields, errorClass: "unreachable" };
  return {
    debug: () => undefined,
    info: (...parts: unknown[]) => log.debug(fields, lineOf(parts)),
    warn: (...parts: unknown[]) => log.warn(fields, lineOf(parts)),
    error: (...parts: unknown[]) => log.warn(failed, lineOf(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

/** Messages of errors only: their other properties may hold what was sent. */
function lineOf(parts: unknown[]): string {
  return parts
    .map((part) => (part instanceof Error ? part.message : typeof part === "string" ? part : "…"))
    .join(" ")
    .slice(0, 500);
}

import type { Log } from "../../pipeline/ports/log.ts";

/**
 * `@slack/socket-mode` 3.1 rejects promises that nobody holds: on an `events_api` payload without `event`, and
 * where reconnecting fails for good (contract §1). Those are logged. Any other unhandled rejection still ends the
 * process as Node does it, unless somebody else has taken charge of them.
 */
export function containRejections(log: Log): { release(): void } {
  const listener = (reason: unknown): void => {
    if (isOfSocketMode(reason)) {
      log.error(
        { intent: "use Socket Mode", component: "slack-sdk", err: reason },
        `Socket Mode failed inside: ${String(reason)}`,
      );
      return;
    }
    if (process.listenerCount("unhandledRejection") === 1) throw reason;
  };
  process.on("unhandledRejection", listener);
  return { release: () => void process.off("unhandledRejection", listener) };
}

function isOfSocketMode(reason: unknown): boolean {
  return reason instanceof Error && /@slack[\\/]socket-mode/.test(reason.stack ?? "");
}

import type { SocketModeReceiver } from "@slack/bolt";
import type { Log } from "../../pipeline/ports/log.ts";

/**
 * Gives a socket up that has not said hello in time, so that another is opened. Slack's client has no limit of its own
 * there: where something in between takes the connection and says nothing, nobody's click would be heard for minutes.
 */
export function watchSocket(
  client: SocketModeReceiver["client"],
  log: Log,
  helloWithinMs = 10_000,
): Disposable {
  let late: NodeJS.Timeout | undefined;
  const over = () => clearTimeout(late);
  client.on("connecting", () => {
    over();
    late = setTimeout(() => {
      log.warn(
        { intent: "join Slack", errorClass: "timeout" },
        `Slack's socket did not open within ${helloWithinMs} ms; trying another`,
      );
      client.websocket?.disconnect();
    }, helloWithinMs);
  });
  for (const event of ["connected", "disconnecting", "disconnected"]) client.on(event, over);
  return { [Symbol.dispose]: over };
}

import { newId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { World } from "../world.ts";
import type { Outcome, PayloadKind, Retry, Transport } from "./outcome.ts";
import { createSignedHttp } from "./signed-http.ts";

/** One delivery to the app, with how it was answered; `at` is epoch ms. */
export type DeliveryLogEntry = {
  readonly at: number;
  readonly kind: PayloadKind;
  readonly payload: JsonObject;
  readonly attempt: number;
  readonly outcome: Outcome;
};

/** Sends payloads over the transport in use. Events are sent again when unanswered; clicks and commands are not. */
export function createDeliveries(world: World, socket: Transport) {
  const log: DeliveryLogEntry[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let transport = socket;
  let closed = false;

  const send = async (kind: PayloadKind, payload: JsonObject, retry?: Retry): Promise<Outcome> => {
    const at = world.now();
    const outcome = await transport(kind, payload, retry);
    log.push({ at, kind, payload, attempt: retry?.attempt ?? 0, outcome });
    return outcome;
  };

  /** Sends an event; resolves with how the first attempt was answered. Later attempts go on by themselves. */
  const event = async (body: JsonObject): Promise<Outcome> => {
    const payload: JsonObject = {
      token: world.app.verificationToken,
      team_id: world.team.id,
      api_app_id: world.app.id,
      event: { event_ts: world.newTs(), ...body },
      type: "event_callback",
      event_id: newId("Ev"),
      event_time: Math.floor(world.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: world.team.id,
          user_id: world.app.botUser,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event_context: newId("EC"),
    };
    const outcome = await send("events_api", payload);
    retryLater(payload, outcome, 1);
    return outcome;
  };

  const retryLater = (payload: JsonObject, last: Outcome, attempt: number): void => {
    const delayMs = world.eventRetryDelaysMs[attempt - 1];
    if (closed || last.kind === "acked" || delayMs === undefined) return;
    if (last.kind === "refused" && last.noRetry) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void send("events_api", payload, { attempt, reason: reasons[last.kind] }).then((outcome) =>
        retryLater(payload, outcome, attempt + 1),
      );
    }, delayMs);
    timers.add(timer);
  };

  /** From now on payloads go to this URL instead of Socket Mode. Checks it first, as Slack does. */
  const useRequestUrl = async (url: string): Promise<void> => {
    const http = createSignedHttp(world, url);
    await http.verify();
    transport = http.deliver;
  };

  const close = (): void => {
    closed = true;
    for (const timer of timers) clearTimeout(timer);
  };

  return {
    interactive: (payload: JsonObject) => send("interactive", payload),
    command: (payload: JsonObject) => send("slash_commands", payload),
    event,
    useRequestUrl,
    log: log as readonly DeliveryLogEntry[],
    close,
  };
}

const reasons = { timeout: "http_timeout", refused: "http_error", unreachable: "connection_failed" } as const;

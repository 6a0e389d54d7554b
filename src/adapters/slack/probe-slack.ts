import { z } from "zod";
import { OpsError } from "../../domain/ops-error.ts";

/** One answer of Slack's Web API with what its headers say. */
export interface SlackAnswer {
  /** Null: `ok`. */
  error: string | null;
  /** The scopes that the token has. */
  scopes: string[];
  body: Record<string, unknown>;
}

/** What keeps the app from posting to a channel; `unknown`: Slack answered what tells nothing. */
export type ChannelState = "joined" | "not_in_channel" | "channel_not_found" | "is_archived" | "unknown";

export interface SlackProbe {
  ask(token: string, method: string, args?: Record<string, string>): Promise<SlackAnswer>;
  channel(botToken: string, channel: string): Promise<ChannelState>;
}

const Body = z.looseObject({ ok: z.boolean(), error: z.string().optional() });
/** No message was ever sent at this time: nothing can come of an update of it. */
const noMessage = "1.000001";

/** Asks Slack about the app itself. Nothing is posted and nothing changed. Throws `OpsError`. */
export function createSlackProbe(apiUrl: string | undefined, timeoutMs: number): SlackProbe {
  const base = (apiUrl ?? "https://slack.com/api").replace(/\/+$/, "");

  async function ask(token: string, method: string, args: Record<string, string> = {}): Promise<SlackAnswer> {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${base}/${method}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: new URLSearchParams(args),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      body = await response.json().catch(() => null);
    } catch (cause) {
      throw new OpsError("unreachable", `Slack could not be reached at ${base} (${method}).`, { cause });
    }
    if (response.status === 429) throw new OpsError("rate_limited", `Slack asks to wait before ${method}.`);
    const parsed = Body.safeParse(body);
    if (!parsed.success) {
      throw new OpsError(
        "bad_answer",
        `${base} did not answer ${method} as Slack does (HTTP ${response.status}).`,
      );
    }
    const scopes = (response.headers.get("x-oauth-scopes") ?? "").split(",").map((scope) => scope.trim());
    return {
      error: parsed.data.ok ? null : (parsed.data.error ?? "unknown_error"),
      scopes: scopes.filter((scope) => scope !== ""),
      body: parsed.data,
    };
  }

  return {
    ask,
    /**
     * By an update of a message that cannot exist: the app has no scope to read channels, and Slack looks at the
     * channel before it looks for the message.
     */
    async channel(botToken, channel) {
      const { error } = await ask(botToken, "chat.update", { channel, ts: noMessage, text: "doctor" });
      switch (error) {
        case "message_not_found":
        case "cant_update_message":
        case "edit_window_closed":
          return "joined";
        case "not_in_channel":
        case "channel_not_found":
        case "is_archived":
          return error;
        default:
          return "unknown";
      }
    },
  };
}

import { createHmac } from "node:crypto";
import { isObject, parseJson } from "../json.ts";
import { newToken } from "../ids.ts";
import type { World } from "../world.ts";
import type { Outcome, PayloadKind, Transport } from "./outcome.ts";

/** `v0=` and the hex HMAC-SHA256 of `v0:<timestamp>:<body>`. */
function signBody(secret: string, timestampS: string, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestampS}:${body}`).digest("hex")}`;
}

/** Sends payloads to a request URL with Slack's signature, and waits as long as Slack does. */
export function createSignedHttp(
  world: World,
  requestUrl: string,
): { readonly deliver: Transport; verify(): Promise<void> } {
  const post = async (contentType: string, body: string, extra: Record<string, string>): Promise<Outcome> => {
    const sentAt = world.now();
    const timestamp = String(Math.floor(sentAt / 1000));
    try {
      const response = await fetch(requestUrl, {
        method: "POST",
        body,
        redirect: "error",
        signal: AbortSignal.timeout(world.ackTimeoutMs),
        headers: {
          "content-type": contentType,
          "x-slack-request-timestamp": timestamp,
          "x-slack-signature": signBody(world.credentials.signingSecret, timestamp, body),
          ...extra,
        },
      });
      const text = await response.text();
      const afterMs = world.now() - sentAt;
      if (response.status !== 200) {
        const noRetry = response.headers.get("x-slack-no-retry") === "1";
        return { kind: "refused", afterMs, status: response.status, noRetry };
      }
      const isJson = response.headers.get("content-type")?.includes("json") === true;
      const parsed = isJson ? parseJson(text) : { text };
      return { kind: "acked", afterMs, ...(text === "" || parsed === undefined ? {} : { body: parsed }) };
    } catch (error) {
      const afterMs = world.now() - sentAt;
      if (error instanceof DOMException && error.name === "TimeoutError") return { kind: "timeout", afterMs };
      return { kind: "unreachable", afterMs, reason: `no answer from ${requestUrl}` };
    }
  };

  const deliver: Transport = (kind, payload, retry) =>
    post(
      contentTypes[kind],
      encode(kind, payload),
      retry === undefined
        ? {}
        : { "x-slack-retry-num": String(retry.attempt), "x-slack-retry-reason": retry.reason },
    );

  /** What Slack does when a request URL is entered; rejects unless the challenge comes back. */
  const verify = async (): Promise<void> => {
    const challenge = newToken();
    const body = JSON.stringify({ type: "url_verification", token: world.app.verificationToken, challenge });
    const outcome = await post("application/json", body, {});
    const answered =
      outcome.kind === "acked" && isObject(outcome.body) ? outcome.body["challenge"] : undefined;
    const text = outcome.kind === "acked" && isObject(outcome.body) ? outcome.body["text"] : undefined;
    if (answered !== challenge && text !== challenge) {
      throw new Error(
        `${requestUrl} did not answer Slack's challenge (${outcome.kind}); is the app listening there?`,
      );
    }
  };

  return { deliver, verify };
}

const form = "application/x-www-form-urlencoded";
const contentTypes = { events_api: "application/json", interactive: form, slash_commands: form } as const;

function encode(kind: PayloadKind, payload: Readonly<Record<string, unknown>>): string {
  if (kind === "events_api") return JSON.stringify(payload);
  if (kind === "interactive") return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const fields = Object.entries(payload).map(([name, value]): [string, string] => [name, String(value)]);
  return new URLSearchParams(fields).toString();
}

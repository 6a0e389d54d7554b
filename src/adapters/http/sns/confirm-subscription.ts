import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../../pipeline/ports/log.ts";
import { readEnvelope } from "./envelope.ts";
import { getPinned, type Internet } from "./get-pinned.ts";
import type { Topics } from "./sns-lock.ts";
import { confirmationPath } from "./topic.ts";

/** A pause before each try, in milliseconds. */
const pauses = [0, 2000, 15_000];

/**
 * Confirms the subscription that a committed message, whose signature fits, asks to confirm; does nothing for other
 * messages. `UnsubscribeConfirmation` is one of them: its address would subscribe again. Never throws.
 */
export async function confirmSubscription(
  body: Uint8Array,
  topics: Topics,
  net: Internet,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const envelope = readEnvelope(body);
  if (envelope?.Type !== "SubscriptionConfirmation") return;
  const topic = topics.get(envelope.TopicArn);
  if (topic === undefined) return;
  const path = confirmationPath(topic, envelope.SubscribeURL ?? "", envelope.Token ?? "");
  if (path === null) return;
  const fields = { stage: "intake", intent: "confirm an SNS subscription", topic: topic.arn };
  let failure: unknown;
  for (const pauseMs of pauses) {
    try {
      await sleep(pauseMs, undefined, { signal });
      const { status } = await getPinned(topic.host, path, net);
      if (status === 200) {
        log.info(fields, "Subscribed");
        return;
      }
      failure = new Error(`SNS answered ${status}`);
      if (status < 500 && status !== 429) break;
    } catch (error) {
      if (signal.aborted) return;
      failure = error;
    }
  }
  log.error(
    { ...fields, errorClass: "unreachable", err: failure },
    "Not subscribed; choose Request confirmation for the subscription in the SNS console",
  );
}

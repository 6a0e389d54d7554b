import { randomBytes } from "node:crypto";
import { OpsError } from "../../domain/ops-error.ts";
import type { Source } from "../../domain/source.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import { grafanaLock } from "./locks/grafana-lock.ts";
import { hmacLock } from "./locks/hmac-lock.ts";
import type { Lock } from "./locks/lock.ts";
import { pagerDutyLock } from "./locks/pagerduty-lock.ts";
import { basicLock, bearerLock, headerLock } from "./locks/secret-locks.ts";
import { standardWebhooksLock } from "./locks/standard-webhooks-lock.ts";
import { confirmSubscription } from "./sns/confirm-subscription.ts";
import type { Internet } from "./sns/get-pinned.ts";
import { type Clock, signingKeys, type SigningKeys } from "./sns/signing-keys.ts";
import { snsLock, type Topics } from "./sns/sns-lock.ts";
import { topicOf } from "./sns/topic.ts";
import { type TokenBucket, tokenBucket } from "./token-bucket.ts";

/** A declared source together with its secret, which is "" for a kind that is signed with its vendor's key. */
export interface DoorSource {
  source: Source;
  secret: string;
}

/** One source's way in. */
export interface Entrance {
  source: Source;
  lock: Lock;
  bucket: TokenBucket;
  /** After the commit of a delivery, and again for its redeliveries. Never throws. */
  committed?: (body: Uint8Array) => Promise<void>;
}

export interface EntranceDeps {
  net: Internet;
  clock: Clock;
  log: Log;
  /** Aborts when the door closes. */
  closing: AbortSignal;
}

/** Throws `OpsError` (`misconfigured`) for a source without a secret, or with one that cannot be used. */
export function entrancesOf(
  sources: readonly DoorSource[],
  deps: EntranceDeps,
): ReadonlyMap<string, Entrance> {
  const keys = signingKeys(deps.net, deps.clock);
  return new Map(sources.map((one) => [one.source.id, entranceOf(one, keys, deps)]));
}

/** Tried in place of an unknown source's lock, so that both refusals take the same time. */
export function decoyLock(): Lock {
  return bearerLock(randomBytes(32).toString("hex"));
}

function entranceOf({ source, secret }: DoorSource, keys: SigningKeys, deps: EntranceDeps): Entrance {
  const { net, clock, log, closing } = deps;
  const bucket = tokenBucket(source.rate, clock.monotonic);
  if (source.kind !== "cloudwatch") return { source, bucket, lock: lockOf(source, secret, clock) };
  const topics = topicsOf(source);
  return {
    source,
    bucket,
    lock: snsLock(topics, keys, clock, log),
    committed: (body) => confirmSubscription(body, topics, net, log, closing),
  };
}

type KeyedSource = Exclude<Source, { kind: "cloudwatch" }>;

function lockOf(source: KeyedSource, secret: string, { now }: Clock): Lock {
  const { id } = source;
  if (secret === "") {
    throw new OpsError(
      "misconfigured",
      `The source "${id}" has no secret; set the variable its secretEnv names.`,
    );
  }
  switch (source.auth) {
    case "bearer":
      return bearerLock(secret);
    case "basic":
      return basicLock(source.user ?? id, secret);
    case "header":
      return headerLock(source.header, secret);
    case "hmac":
      return hmacLock(source.header, secret, source.encoding);
    case "standard_webhooks":
      return standardWebhooksLock(id, secret, now);
    case "vendor":
      return vendorLock(source, secret, now);
  }
}

function vendorLock(
  source: Extract<KeyedSource, { kind: "grafana" | "pagerduty" | "sentry" | "featbit" | "github" }>,
  secret: string,
  now: () => number,
): Lock {
  switch (source.kind) {
    case "grafana":
      return grafanaLock(source.timestampHeader, secret, now);
    case "pagerduty":
      return pagerDutyLock(secret);
    case "sentry":
      return hmacLock("Sentry-Hook-Signature", secret);
    case "featbit":
      return hmacLock("X-FeatBit-Signature-256", secret);
    case "github":
      return hmacLock("X-Hub-Signature-256", secret);
  }
}

function topicsOf({ id, topicArns }: Extract<Source, { kind: "cloudwatch" }>): Topics {
  return new Map(
    topicArns.map((arn) => {
      const topic = topicOf(arn);
      if (topic !== null) return [arn, topic];
      throw new OpsError(
        "misconfigured",
        `The source "${id}" names the topic ${arn}, whose region SNS does not serve; correct its topicArns.`,
      );
    }),
  );
}

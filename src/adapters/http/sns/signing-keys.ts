import { type KeyObject, X509Certificate } from "node:crypto";
import { tokenBucket } from "../token-bucket.ts";
import { getPinned, type Internet } from "./get-pinned.ts";
import type { Topic } from "./topic.ts";

export type SigningKey =
  | { kind: "key"; key: KeyObject }
  /** There is no such certificate, or it is not one that SNS signs with. */
  | { kind: "refused"; why: string }
  /** It could not be fetched now. */
  | { kind: "unavailable"; error: unknown };

/** The public key of the certificate at `path` of the topic's host. */
export type SigningKeys = (topic: Topic, path: string) => Promise<SigningKey>;

export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds that never go back. */
  monotonic: () => number;
}

const mostKept = 50;
const refusalKeptMs = 60_000;
const keyKeptMs = 24 * 3600_000;
/** Whoever sends addresses of certificates at random must not make us call Amazon without end. */
const pace = { perSecond: 0.2, burst: 20 };

interface Kept {
  outcome: Promise<SigningKey>;
  until: number;
}

/** Fetches each certificate once, checks it, and remembers the outcome. */
export function signingKeys(net: Internet, clock: Clock): SigningKeys {
  const kept = new Map<string, Kept>();
  const mayFetch = tokenBucket(pace, clock.monotonic);

  async function fetchKey(topic: Topic, path: string): Promise<SigningKey> {
    if (mayFetch() > 0) return { kind: "unavailable", error: new Error("too many certificates asked for") };
    try {
      const { status, body } = await getPinned(topic.host, path, net);
      if (status >= 500 || status === 429) {
        return { kind: "unavailable", error: new Error(`${topic.host} answered ${status}`) };
      }
      if (status !== 200) return { kind: "refused", why: `SNS answered ${status} to its address` };
      return readCertificate(body, topic, clock.now());
    } catch (error) {
      return { kind: "unavailable", error };
    }
  }

  return async (topic, path) => {
    const address = topic.host + path;
    const known = kept.get(address);
    if (known !== undefined && known.until > clock.monotonic()) return known.outcome;
    const entry: Kept = { outcome: fetchKey(topic, path), until: Infinity };
    kept.delete(address);
    kept.set(address, entry);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    const outcome = await entry.outcome;
    if (outcome.kind === "unavailable") kept.delete(address);
    else entry.until = clock.monotonic() + (outcome.kind === "key" ? keyKeptMs : refusalKeptMs);
    return outcome;
  };
}

/**
 * Checked as Amazon's own libraries do: in force, made out to SNS of this region, an RSA key. The file holds the
 * certificate alone, so that no chain can be built from it; what vouches for it is the chain of the connection that it
 * came over.
 */
function readCertificate(pem: Buffer, { host, region }: Topic, now: number): SigningKey {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return { kind: "refused", why: "its certificate cannot be read" };
  }
  if (!(certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime())) {
    return { kind: "refused", why: "its certificate is not in force now" };
  }
  const domain = host.slice(host.indexOf("amazonaws."));
  const names = [`sns.${domain}`, host, `sns-signing.${region}.${domain}`, `sns-${region}.${domain}`];
  // One name for both regions of GovCloud.
  if (region.startsWith("us-gov-")) names.push(`sns-us-gov-west-1.${domain}`);
  if (!names.some((name) => certificate.checkHost(name, { wildcards: false }) !== undefined)) {
    return { kind: "refused", why: "its certificate is not made out to SNS" };
  }
  const { publicKey } = certificate;
  if (publicKey.asymmetricKeyType !== "rsa")
    return { kind: "refused", why: "its certificate has no RSA key" };
  return { kind: "key", key: publicKey };
}

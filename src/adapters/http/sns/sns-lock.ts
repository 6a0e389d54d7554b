import { verify } from "node:crypto";
import type { Log } from "../../../pipeline/ports/log.ts";
import { checkJson } from "../check-json.ts";
import { type Lock, refused } from "../locks/lock.ts";
import { certificateUnavailable, type Problem, rawSnsDelivery, unauthorizedSns } from "../problem.ts";
import { readEnvelope, signedText, type SnsEnvelope } from "./envelope.ts";
import type { Clock, SigningKeys } from "./signing-keys.ts";
import { certificatePath, confirmationPath, type Topic } from "./topic.ts";

export type Topics = ReadonlyMap<string, Topic>;

/** SNS tries for an hour and signs the time at which a message was published, not the one at which it is sent. */
const oldestMs = 3600_000 + 300_000;
const aheadMs = 300_000;

const hashes = { "1": "sha1", "2": "sha256" } as const;

/**
 * Amazon signs each message with its own key; what is ours is the topic. Until the signature has been checked nothing
 * of a message is used but to find the key: its topic must be one of `signalman.yml`, its certificate's address one of
 * that topic's region.
 */
export function snsLock(topics: Topics, keys: SigningKeys, clock: Clock, log: Log): Lock {
  async function judge(body: Uint8Array): Promise<Problem | null> {
    const malformed = checkJson(body);
    if (malformed !== null) return malformed;
    const envelope = readEnvelope(body);
    if (envelope === null) {
      return unauthorizedSns(
        "The body is no SNS message; raw message delivery of the subscription must be off.",
      );
    }
    const topic = topics.get(envelope.TopicArn);
    if (topic === undefined) return unauthorizedSns("Its topic is not among the source's topicArns.");
    const age = clock.now() - Date.parse(envelope.Timestamp);
    if (age > oldestMs || age < -aheadMs) {
      return unauthorizedSns("It was signed more than 65 minutes ago, or for later; SNS tries for an hour.");
    }
    const path = certificatePath(topic, envelope.SigningCertURL);
    if (path === null) return unauthorizedSns("Its SigningCertURL is not one of SNS in the topic's region.");
    if (!isWhole(envelope, topic)) return unauthorizedSns("Its SubscribeURL does not belong to its topic.");
    const signing = await keys(topic, path);
    if (signing.kind === "refused")
      return unauthorizedSns(`The signature cannot be checked: ${signing.why}.`);
    if (signing.kind === "unavailable") {
      log.warn(
        {
          stage: "intake",
          intent: "check a signature",
          errorClass: "unreachable",
          topic: topic.arn,
          err: signing.error,
        },
        "The signing certificate of an SNS message could not be fetched",
      );
      return certificateUnavailable;
    }
    const signature = Buffer.from(envelope.Signature, "base64");
    const fits =
      // One notation only: a lenient decoder takes many for the same bytes.
      signature.toString("base64") === envelope.Signature &&
      verify(hashes[envelope.SignatureVersion], Buffer.from(signedText(envelope)), signing.key, signature);
    return fits ? null : unauthorizedSns("The signature does not fit.");
  }

  return (request) =>
    request.headers["x-amz-sns-rawdelivery"] === "true" ? refused(rawSnsDelivery) : { kind: "signed", judge };
}

/** A confirmation must say what confirms it. */
function isWhole({ Type, SubscribeURL, Token }: SnsEnvelope, topic: Topic): boolean {
  return Type === "Notification" || confirmationPath(topic, SubscribeURL ?? "", Token ?? "") !== null;
}

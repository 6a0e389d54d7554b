import { z } from "zod";

/** What SNS posts: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const Envelope = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().min(1).max(200),
  TopicArn: z.string(),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.iso.datetime(),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.string(),
  SigningCertURL: z.string(),
});
type Envelope = z.infer<typeof Envelope>;
export type SnsEnvelope = Envelope;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Null for what is no envelope of SNS. */
export function readEnvelope(body: Uint8Array): Envelope | null {
  try {
    return Envelope.safeParse(JSON.parse(decoder.decode(body))).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The text that SNS signs: names and values, a line each, in alphabetical order.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export function signedText(envelope: Envelope): string {
  const { Type, Message, MessageId, Subject, SubscribeURL, Timestamp, Token, TopicArn } = envelope;
  const signed =
    Type === "Notification"
      ? { Message, MessageId, Subject, Timestamp, TopicArn, Type }
      : { Message, MessageId, SubscribeURL, Timestamp, Token, TopicArn, Type };
  return Object.entries(signed)
    .map(([name, value]) => (value === undefined || value === null ? "" : `${name}\n${value}\n`))
    .join("");
}

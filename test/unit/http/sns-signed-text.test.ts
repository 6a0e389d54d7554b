import { expect, it } from "vitest";
import { readEnvelope, signedText } from "../../../src/adapters/http/sns/envelope.ts";

const common = {
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: "arn:aws:sns:us-west-2:123456789012:MyTopic",
  Timestamp: "2012-05-02T00:54:06.655Z",
  SignatureVersion: "1",
  Signature: "EXAMPLE",
  SigningCertURL:
    "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
};

function signed(own: Record<string, unknown>): string {
  const envelope = readEnvelope(Buffer.from(JSON.stringify({ ...common, ...own })));
  if (envelope === null) throw new Error("not an envelope");
  return signedText(envelope);
}

// The order and the line ends are those that the documentation shows:
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
it("of a notification is its subject, where it has one, between the message's id and the time", () => {
  const notification = {
    Type: "Notification",
    Message: "My Test Message",
    UnsubscribeURL: "https://x.example/",
  };
  const [start, end] = [
    "Message\nMy Test Message\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\n",
    "Timestamp\n2012-05-02T00:54:06.655Z\nTopicArn\narn:aws:sns:us-west-2:123456789012:MyTopic\nType\nNotification\n",
  ];
  expect(signed({ ...notification, Subject: "My First Message" })).toBe(
    `${start}Subject\nMy First Message\n${end}`,
  );
  expect(signed(notification)).toBe(start + end);
  expect(signed({ ...notification, Subject: null })).toBe(start + end);
});

it.each(["SubscriptionConfirmation", "UnsubscribeConfirmation"])(
  "of a %s is its token and address, and never a subject",
  (Type) => {
    const SubscribeURL = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37";
    expect(
      signed({ Type, Message: "You have chosen", SubscribeURL, Token: "2336412f37", Subject: "S" }),
    ).toBe(
      [
        "Message\nYou have chosen",
        "MessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        `SubscribeURL\n${SubscribeURL}`,
        "Timestamp\n2012-05-02T00:54:06.655Z",
        "Token\n2336412f37",
        "TopicArn\narn:aws:sns:us-west-2:123456789012:MyTopic",
        `Type\n${Type}\n`,
      ].join("\n"),
    );
  },
);

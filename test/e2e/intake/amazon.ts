import { randomUUID } from "node:crypto";
import { z } from "zod";
import { createDoor, type Door } from "../../../src/adapters/http/door.ts";
import { CorrelationId, DeliveryId } from "../../../src/domain/ids.ts";
import { Source } from "../../../src/domain/source.ts";
import type { Inbox } from "../../../src/pipeline/ports/storage.ts";
import {
  confirmation,
  notification,
  openSnsWorld,
  signed,
  type SnsMessage,
} from "../../contract/http/sns-world.ts";
import type { VendorBody } from "./vendor-bodies.ts";

const ignore = () => undefined;

export type Amazon = Awaited<ReturnType<typeof openAmazon>>;

/**
 * Amazon's SNS with a certificate of the test's own. Only the door itself can be told to trust it, so there is one more
 * door before the same inbox, which takes the sources of kind `cloudwatch`.
 */
export async function openAmazon(sources: readonly object[], inbox: Inbox) {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openSnsWorld());
  world.pages.set("/", { status: 200, body: "<ConfirmSubscriptionResponse/>" });
  const door: Door = stack.use(
    await createDoor({
      host: "127.0.0.1",
      port: 0,
      sources: sources
        .map((source) => Source.parse(source))
        .filter(({ kind }) => kind === "cloudwatch")
        .map((source) => ({ source, secret: "" })),
      inbox,
      newDeliveryId: () => DeliveryId.parse(randomUUID()),
      newCorrelationId: () => CorrelationId.parse(randomUUID()),
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      net: world.net,
    }),
  );
  const owned = stack.move();
  return {
    doorOf: (sourceId: string) => `${door.url}/webhooks/${sourceId}`,
    /** The message of a file as Amazon would send it: in an envelope of now, signed. */
    sign: (sent: VendorBody): Buffer => Buffer.from(JSON.stringify(signed(envelopeOf(sent), world.signer))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function envelopeOf({ file, body }: VendorBody): SnsMessage {
  const { Records: [record] = [], ...bare } = SnsFile.parse(JSON.parse(body.toString()));
  const { Type, Message = body.toString(), Subject = "" } = record?.Sns ?? bare;
  const MessageId = randomUUID();
  if (Type === "SubscriptionConfirmation") return confirmation({ MessageId });
  return notification({ MessageId, Message, Subject: Subject === "" ? file : Subject });
}

const SnsFields = z.object({
  Type: z.string().optional(),
  Message: z.string().optional(),
  Subject: z.string().optional(),
});
/** An envelope, or what a Lambda function gets instead. */
const SnsFile = SnsFields.extend({ Records: z.array(z.object({ Sns: SnsFields })).optional() });

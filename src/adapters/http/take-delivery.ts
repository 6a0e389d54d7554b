import type { IncomingMessage, ServerResponse } from "node:http";
import type { CorrelationId, DeliveryId } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Inbox } from "../../pipeline/ports/storage.ts";
import { checkJson } from "./check-json.ts";
import { deliveryKeyOf } from "./delivery-key.ts";
import type { Entrance } from "./entrance.ts";
import { keptHeaders } from "./kept-headers.ts";
import type { Lock } from "./locks/lock.ts";
import {
  bodyTooLarge,
  encodedBody,
  methodNotAllowed,
  notJson,
  type Problem,
  refuse,
  storeDown,
  tooFast,
  unknownPlace,
} from "./problem.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { readBody } from "./read-body.ts";

/** Largest body, in bytes. */
export const maxBodyBytes = 256 * 1024;

export interface TakeDeliveryDeps {
  entrances: ReadonlyMap<string, Entrance>;
  decoy: Lock;
  inbox: Pick<Inbox, "accept">;
  newDeliveryId: () => DeliveryId;
  newCorrelationId: () => CorrelationId;
  log: Log;
  refused: RefusalLog;
}

/** Answers `POST /webhooks/<source-id>`: 202 only when the raw bytes are committed. */
export async function takeDelivery(
  request: IncomingMessage,
  response: ServerResponse,
  sourceId: string,
  deps: TakeDeliveryDeps,
): Promise<void> {
  const entrance = deps.entrances.get(sourceId);
  const entry = judgeHead(request, entrance, deps.decoy);
  if ("status" in entry) return turnAway(request, response, entrance, entry, deps.refused);

  if (request.headers.expect !== undefined) response.writeContinue();
  const body = await readBody(request, maxBodyBytes);
  if (body.kind === "gone") return;
  const problem = body.kind === "too_large" ? bodyTooLarge(maxBodyBytes) : await judgeBody(body.bytes, entry);
  if (problem !== null) return turnAway(request, response, entrance, problem, deps.refused);
  if (body.kind === "read") await keep(request, response, entry.entrance, body.bytes, deps);
}

/** What is known to be right before the body is read. */
interface Entry {
  entrance: Entrance;
  /** Null where the head has proven it. */
  judge: ((body: Uint8Array) => Problem | null | Promise<Problem | null>) | null;
}

function judgeHead(request: IncomingMessage, entrance: Entrance | undefined, decoy: Lock): Entry | Problem {
  if (request.method !== "POST") return methodNotAllowed("POST");
  const look = (entrance?.lock ?? decoy)(request);
  if (entrance === undefined) return unknownPlace;
  if (look.kind === "refused") return look.problem;
  const full = look.kind === "proven" ? judgePace(entrance) : null;
  if (full !== null) return full;
  if (!isJson(request.headers["content-type"], entrance)) return notJson;
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return encodedBody;
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return bodyTooLarge(maxBodyBytes);
  return { entrance, judge: look.kind === "signed" ? look.judge : null };
}

/** The signature comes first: nothing of a body is believed before it is known whose it is. */
async function judgeBody(bytes: Buffer, { entrance, judge }: Entry): Promise<Problem | null> {
  if (judge !== null) {
    const problem = (await judge(bytes)) ?? judgePace(entrance);
    if (problem !== null) return problem;
  }
  return checkJson(bytes);
}

/** Only who has proven itself takes from the bucket: a flood of others must not empty it. */
function judgePace({ bucket }: Entrance): Problem | null {
  const waitMs = bucket();
  return waitMs === 0 ? null : tooFast(waitMs);
}

const utf8 = String.raw`[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-?8"?[ \t]*)?;?$`;
const jsonType = new RegExp(String.raw`^application\/(?:json|[a-z0-9.-]{1,100}\+json)${utf8}`, "i");
const textType = new RegExp(String.raw`^text\/plain${utf8}`, "i");

function isJson(contentType: string | undefined, { source }: Entrance): boolean {
  if (contentType === undefined) return false;
  if (contentType === "application/json" || jsonType.test(contentType)) return true;
  // SNS sends its JSON as text.
  return source.kind === "cloudwatch" && textType.test(contentType);
}

async function keep(
  request: IncomingMessage,
  response: ServerResponse,
  { source, committed }: Entrance,
  body: Buffer,
  deps: TakeDeliveryDeps,
): Promise<void> {
  const correlationId = deps.newCorrelationId();
  const fields = { correlationId, stage: "intake", intent: "accept a delivery", sourceId: source.id };
  let outcome: Awaited<ReturnType<Inbox["accept"]>>;
  try {
    outcome = await deps.inbox.accept({
      id: deps.newDeliveryId(),
      correlationId,
      sourceId: source.id,
      deliveryKey: deliveryKeyOf(source, request, body),
      headers: keptHeaders(source.kind, request),
      body,
    });
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    deps.log.warn(
      { ...fields, errorClass: error.code, err: error },
      "Not accepted: the store is unavailable",
    );
    refuse(request, response, storeDown(error.retryAfterMs ?? 5000));
    return;
  }
  if (outcome.kind === "duplicate") {
    deps.log.debug({ ...fields, duplicateOf: outcome.of }, "Delivered before; kept once");
    accepted(response, `{"correlationId":${JSON.stringify(outcome.of)},"duplicate":true}`);
  } else accepted(response, `{"correlationId":${JSON.stringify(correlationId)}}`);
  await committed?.(body);
}

function accepted(response: ServerResponse, text: string): void {
  response
    .writeHead(202, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
}

function turnAway(
  request: IncomingMessage,
  response: ServerResponse,
  entrance: Entrance | undefined,
  problem: Problem,
  refused: RefusalLog,
): void {
  refused(entrance?.source.id ?? null, problem);
  refuse(request, response, problem);
}

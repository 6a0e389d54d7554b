import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CorrelationId, DeliveryId } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { Log } from "../../pipeline/ports/log.ts";
import type { Inbox } from "../../pipeline/ports/storage.ts";
import { checkJson } from "./check-json.ts";
import { bearerFits, type Lock, shownSignature, signatureFits } from "./credential.ts";
import {
  bodyTooLarge,
  encodedBody,
  methodNotAllowed,
  notJson,
  type Problem,
  refuse,
  storeDown,
  unauthorizedBearer,
  unauthorizedSignature,
  unknownPlace,
} from "./problem.ts";
import { readBody } from "./read-body.ts";

/** Largest body, in bytes. */
export const maxBodyBytes = 256 * 1024;

export interface TakeDeliveryDeps {
  locks: ReadonlyMap<string, Lock>;
  /** Tried in place of an unknown source's lock, so that both refusals take the same time. */
  decoy: Extract<Lock, { auth: "bearer" }>;
  inbox: Pick<Inbox, "accept">;
  newDeliveryId: () => DeliveryId;
  newCorrelationId: () => CorrelationId;
  onAccepted: (sourceId: string) => void;
  log: Log;
}

/** Answers `POST /webhooks/<source-id>`: 202 only when the raw bytes are committed. */
export async function takeDelivery(
  request: IncomingMessage,
  response: ServerResponse,
  sourceId: string,
  deps: TakeDeliveryDeps,
): Promise<void> {
  const lock = deps.locks.get(sourceId);
  const entry = judgeHead(request, lock, deps.decoy);
  if ("status" in entry) return turnAway(request, response, lock, entry, deps.log);

  if (request.headers.expect !== undefined) response.writeContinue();
  const body = await readBody(request, maxBodyBytes);
  if (body.kind === "gone") return;
  const problem = body.kind === "too_large" ? bodyTooLarge(maxBodyBytes) : judgeBody(body.bytes, entry);
  if (problem !== null) return turnAway(request, response, lock, problem, deps.log);
  if (body.kind === "read") await keep(request, response, entry.lock.sourceId, body.bytes, deps);
}

/** What is known to be right before the body is read. */
interface Entry {
  lock: Lock;
  signature: Buffer | null;
}

function judgeHead(
  request: IncomingMessage,
  lock: Lock | undefined,
  decoy: TakeDeliveryDeps["decoy"],
): Entry | Problem {
  if (request.method !== "POST") return methodNotAllowed("POST");
  if (lock === undefined) {
    bearerFits(request, decoy.digest);
    return unknownPlace;
  }
  let signature: Buffer | null = null;
  if (lock.auth === "bearer") {
    if (!bearerFits(request, lock.digest)) return unauthorizedBearer;
  } else {
    signature = shownSignature(request, lock.header);
    if (signature === null) return unauthorizedSignature(lock.header);
  }
  if (!isJson(request.headers["content-type"])) return notJson;
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return encodedBody;
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return bodyTooLarge(maxBodyBytes);
  return { lock, signature };
}

/** The signature comes first: nothing of a body is looked at before it is known whose it is. */
function judgeBody(bytes: Buffer, { lock, signature }: Entry): Problem | null {
  if (lock.auth === "hmac" && (signature === null || !signatureFits(signature, lock.key, bytes))) {
    return unauthorizedSignature(lock.header);
  }
  return checkJson(bytes);
}

const jsonType =
  /^application\/(?:json|[a-z0-9.-]{1,100}\+json)[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-?8"?[ \t]*)?;?$/i;

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && (contentType === "application/json" || jsonType.test(contentType));
}

async function keep(
  request: IncomingMessage,
  response: ServerResponse,
  sourceId: string,
  body: Buffer,
  deps: TakeDeliveryDeps,
): Promise<void> {
  const correlationId = deps.newCorrelationId();
  const fields = { correlationId, stage: "intake", intent: "accept a delivery", sourceId };
  let outcome: Awaited<ReturnType<Inbox["accept"]>>;
  try {
    outcome = await deps.inbox.accept({
      id: deps.newDeliveryId(),
      correlationId,
      sourceId,
      deliveryKey: deliveryKeyOf(request, body),
      headers: {},
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
    return;
  }
  accepted(response, `{"correlationId":${JSON.stringify(correlationId)}}`);
  deps.onAccepted(sourceId);
}

function accepted(response: ServerResponse, text: string): void {
  response
    .writeHead(202, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
}

const idHeaders = ["x-signalman-delivery", "idempotency-key", "webhook-id"];

/**
 * Equal for a redelivery: the sender's own id together with the bytes. The bytes alone would not do, as Alertmanager
 * sends the same ones at every repeat_interval to say that it still burns; the id alone would let a sender that uses
 * one twice lose an alert.
 */
function deliveryKeyOf(request: IncomingMessage, body: Buffer): string | null {
  for (const name of idHeaders) {
    const value = request.headers[name];
    if (typeof value === "string" && value !== "") {
      return createHash("sha256").update(`${name}:${value}\n`).update(body).digest("hex");
    }
  }
  return null;
}

function turnAway(
  request: IncomingMessage,
  response: ServerResponse,
  lock: Lock | undefined,
  problem: Problem,
  log: Log,
): void {
  log.info(
    {
      stage: "intake",
      intent: "accept a delivery",
      errorClass: problem.code,
      status: problem.status,
      // Never the path: an unknown one is anybody's text.
      sourceId: lock?.sourceId ?? null,
    },
    "A request to the door was refused",
  );
  refuse(request, response, problem);
}

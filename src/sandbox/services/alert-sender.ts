import { createHmac } from "node:crypto";
import { alertmanagerBody, genericBody, type RaisedAlert } from "./alert-bodies.ts";

/** One delivery as the receiver answered it; `correlationId` is what a 202 gave back. */
export type SentDelivery = {
  at: number;
  alert: RaisedAlert;
  status: "firing" | "resolved";
  bytes: Buffer;
  httpStatus: number | undefined;
  correlationId: string | undefined;
  answer: string;
};

export type AlertSenderOptions = {
  /** The door, `…/webhooks/<source-id>`. */
  url: string;
  secret: string;
  kind: "alertmanager" | "generic";
  /** A bearer token, or `X-Signalman-Signature: sha256=<hex>`, the HMAC-SHA256 of the raw body. */
  auth?: "bearer" | "hmac";
  clock?: () => number;
};

export type AlertSender = {
  fire(alert: RaisedAlert): Promise<SentDelivery>;
  resolve(alert: RaisedAlert): Promise<SentDelivery>;
  /** The very same bytes once more, as a sender does that did not see the answer. */
  repeat(delivery: SentDelivery): Promise<SentDelivery>;
  readonly sent: readonly SentDelivery[];
  /** Deliveries that were answered 202: the receiver must account for each of them. */
  acknowledged(): SentDelivery[];
};

const timeoutMs = 10_000;

/** What a monitoring system does when an alert fires: it posts to a webhook and keeps what was acknowledged. */
export function createAlertSender(options: AlertSenderOptions): AlertSender {
  const { url, secret, kind, auth = "bearer", clock = Date.now } = options;
  const sent: SentDelivery[] = [];

  function headers(bytes: Buffer): Record<string, string> {
    const content = { "content-type": "application/json", "user-agent": userAgents[kind] };
    if (auth === "bearer") return { ...content, authorization: `Bearer ${secret}` };
    return {
      ...content,
      "x-signalman-signature": `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}`,
    };
  }

  async function post(
    alert: RaisedAlert,
    status: SentDelivery["status"],
    bytes: Buffer,
  ): Promise<SentDelivery> {
    const delivery: SentDelivery = {
      at: clock(),
      alert,
      status,
      bytes,
      httpStatus: undefined,
      correlationId: undefined,
      answer: "",
    };
    sent.push(delivery);
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, {
        method: "POST",
        headers: headers(bytes),
        body: new Uint8Array(bytes),
        signal,
      });
      delivery.answer = await response.text();
      delivery.httpStatus = response.status;
      delivery.correlationId = correlationIdIn(delivery.answer);
    } catch (error) {
      delivery.answer = error instanceof Error ? error.message : String(error);
    }
    return delivery;
  }

  function render(alert: RaisedAlert, status: SentDelivery["status"]): Buffer {
    const body = kind === "alertmanager" ? alertmanagerBody : genericBody;
    return Buffer.from(JSON.stringify(body(alert, status, clock())));
  }

  return {
    fire: (alert) => post(alert, "firing", render(alert, "firing")),
    resolve: (alert) => post(alert, "resolved", render(alert, "resolved")),
    repeat: ({ alert, status, bytes }) => post(alert, status, bytes),
    sent,
    acknowledged: () => sent.filter(({ httpStatus }) => httpStatus === 202),
  };
}

const userAgents = { alertmanager: "Alertmanager/0.28.1", generic: "signalman-sandbox" };

function correlationIdIn(answer: string): string | undefined {
  try {
    const body: unknown = JSON.parse(answer);
    if (typeof body !== "object" || body === null || !("correlationId" in body)) return undefined;
    return typeof body.correlationId === "string" ? body.correlationId : undefined;
  } catch {
    return undefined;
  }
}

import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { expect, test } from "vitest";
import { createLoopbackServer, readBody } from "../../../src/sandbox/loopback-server.ts";
import { createAlertSender } from "../../../src/sandbox/services/alert-sender.ts";

const alert = {
  name: "CheckoutErrorsHigh",
  service: "checkout",
  environment: "production",
  severity: "critical",
  summary: "9 % of checkouts fail",
  description: "Error ratio über 5 % for 2 minutes.",
  startsAt: Date.parse("2026-07-01T11:58:00Z"),
} as const;

type Received = { headers: IncomingHttpHeaders; body: string };

/** A door that answers 202 with a correlation id to the first request and 503 to later ones. */
async function openDoor() {
  const received: Received[] = [];
  const server = await createLoopbackServer(async (request, response) => {
    received.push({ headers: request.headers, body: (await readBody(request, 300_000)) ?? "" });
    response.writeHead(received.length === 1 ? 202 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify(received.length === 1 ? { correlationId: "c-1" } : { error: "later" }));
  });
  return {
    url: `${server.url}/webhooks/prod`,
    received,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("Alertmanager's webhook with a bearer token: firing, then resolved; the answers are kept", async () => {
  await using door = await openDoor();
  const sender = createAlertSender({ url: door.url, secret: "s3cret", kind: "alertmanager" });
  const fired = await sender.fire(alert);
  const resolved = await sender.resolve({ ...alert, endsAt: alert.startsAt + 60_000 });

  expect([fired.httpStatus, fired.correlationId]).toEqual([202, "c-1"]);
  expect([resolved.httpStatus, resolved.correlationId]).toEqual([503, undefined]);
  expect(sender.acknowledged()).toEqual([fired]);
  const [first, second] = door.received.map(({ body }): unknown => JSON.parse(body));
  expect(door.received[0]?.headers.authorization).toBe("Bearer s3cret");
  expect(first).toMatchObject({
    version: "4",
    status: "firing",
    groupKey: '{}:{alertname="CheckoutErrorsHigh", service="checkout"}',
    alerts: [
      {
        status: "firing",
        labels: {
          alertname: "CheckoutErrorsHigh",
          environment: "production",
          service: "checkout",
          severity: "critical",
        },
        startsAt: "2026-07-01T11:58:00.000Z",
        endsAt: "0001-01-01T00:00:00Z",
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ],
  });
  expect(second).toMatchObject({ status: "resolved", alerts: [{ endsAt: "2026-07-01T11:59:00.000Z" }] });
});

test("generic JSON signed over its raw bytes; a repeat sends the very same bytes", async () => {
  await using door = await openDoor();
  const sender = createAlertSender({ url: door.url, secret: "s3cret", kind: "generic", auth: "hmac" });
  await sender.repeat(await sender.fire(alert));

  const [first, second] = door.received;
  expect(first?.body).toBe(second?.body);
  const expected = createHmac("sha256", "s3cret")
    .update(Buffer.from(first?.body ?? "", "utf8"))
    .digest("hex");
  expect(first?.headers["x-signalman-signature"]).toBe(`sha256=${expected}`);
  expect(JSON.parse(first?.body ?? "")).toMatchObject({
    title: alert.name,
    status: "firing",
    service: "checkout",
  });
});

test("a door that is not there is recorded, not thrown", async () => {
  const sender = createAlertSender({ url: "http://127.0.0.1:9/webhooks/x", secret: "s", kind: "generic" });
  const delivery = await sender.fire(alert);
  expect(delivery.httpStatus).toBeUndefined();
  expect(delivery.answer).not.toBe("");
  expect(sender.acknowledged()).toEqual([]);
});

import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { expect, it } from "vitest";
import { standardWebhooksLock } from "../../../src/adapters/http/locks/standard-webhooks-lock.ts";
import { asRequest } from "../../unit/http/as-request.ts";

/**
 * The published library as the oracle, on genuine and altered requests. Where the two may differ is named here, and in
 * each of these cases it is the library that accepts more:
 * - `bytes`: it turns the body into text first, so that one invalid byte passes for another;
 * - `time`: it reads a number at the start of the timestamp and passes over the rest of it.
 */
const runs = Number(process.env["SIGNALMAN_ORACLE_RUNS"] ?? 4000);
const seed = Number(process.env["SIGNALMAN_SEED"] ?? Date.now() % 2 ** 31);

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const key = Buffer.from("0123456789abcdef0123456789abcdef");
const library = new Webhook(secret);
const lock = standardWebhooksLock("oracle", secret, () => Date.now());

interface Sent {
  id: string;
  timestamp: string;
  signature: string;
  body: Buffer;
}

function byUs(sent: Sent): boolean {
  const look = lock(
    asRequest({
      "webhook-id": sent.id,
      "webhook-timestamp": sent.timestamp,
      "webhook-signature": sent.signature,
    }),
  );
  return look.kind === "signed" && look.judge(sent.body) === null;
}

function byLibrary({ id, timestamp, signature, body }: Sent): boolean {
  try {
    library.verify(
      body,
      { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature },
      { jsonParse: false },
    );
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

const id = fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/);
const body = fc.json().map((text) => Buffer.from(text));
/** Seconds from now; those near the edge of the window would depend on which of the two is asked first. */
const offset = fc.oneof(
  fc.integer({ min: -280, max: 280 }),
  fc.integer({ min: 320, max: 5000 }).map((n) => -n),
);

const genuine = fc.tuple(id, body, offset).map(([own, bytes, seconds]): Sent => {
  const timestamp = String(Math.floor(Date.now() / 1000) + seconds);
  return {
    id: own,
    timestamp,
    body: bytes,
    signature: library.sign(own, new Date(Number(timestamp) * 1000), bytes.toString()),
  };
});

const altered = fc
  .tuple(
    genuine,
    fc.constantFrom("id", "timestamp", "signature", "body"),
    fc.nat(),
    fc.stringMatching(/^[!-~]{0,5}$/),
  )
  .map(([sent, part, at, more]): Sent => {
    if (part === "body") {
      const bytes = Buffer.concat([sent.body, Buffer.from(more)]);
      if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << (at % 8));
      return { ...sent, body: bytes };
    }
    const text = sent[part];
    const cut = at % (text.length + 1);
    return { ...sent, [part]: text.slice(0, cut) + more + text.slice(cut) };
  });

const several = fc
  .tuple(
    genuine,
    fc.array(fc.constantFrom("v1,", "v1a,xyz", "v2,abc", `v1,${"A".repeat(43)}=`), { maxLength: 4 }),
  )
  .map(([sent, others]): Sent => ({ ...sent, signature: [...others, sent.signature, ...others].join(" ") }));

it("agrees with the library on what is genuine, and on all else but the findings named above", () => {
  const figures = { accepted: 0, refused: 0, bytes: 0, time: 0 };
  fc.assert(
    fc.property(fc.oneof(genuine, altered, several), (sent) => {
      const [ours, theirs] = [byUs(sent), byLibrary(sent)];
      if (ours === theirs) figures[ours ? "accepted" : "refused"] += 1;
      else {
        expect(theirs).toBe(true);
        const finding = /^[0-9]+$/.test(sent.timestamp) && String(Number(sent.timestamp)) === sent.timestamp;
        figures[finding ? "bytes" : "time"] += 1;
        if (finding) expect(sent.body.equals(Buffer.from(sent.body.toString()))).toBe(false);
      }
    }),
    { numRuns: runs, seed },
  );
  expect(figures.accepted).toBeGreaterThan(runs / 4);
  expect(figures.refused).toBeGreaterThan(runs / 10);
  process.stdout.write(`standard webhooks: seed ${seed}, ${runs} requests, ${JSON.stringify(figures)}\n`);
});

it("finds both findings in the library, so that the exceptions above are not idle", () => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const body = Buffer.from([0x22, 0xff, 0x22]);
  const other = Buffer.from([0x22, 0xfe, 0x22]);
  const mac = createHmac("sha256", key).update(`a.${timestamp}.`).update(body).digest("base64");
  const raw: Sent = { id: "a", timestamp, body, signature: `v1,${mac}` };
  expect([byUs(raw), byUs({ ...raw, body: other })]).toEqual([true, false]);
  const text: Sent = {
    ...raw,
    signature: library.sign("a", new Date(Number(timestamp) * 1000), body.toString()),
  };
  expect([byLibrary(text), byLibrary({ ...text, body: other }), byUs(text)]).toEqual([true, true, false]);

  const plain = Buffer.from("{}");
  const signature = library.sign("a", new Date(Number(timestamp) * 1000), "{}");
  const late: Sent = { id: "a", timestamp: `${timestamp}abc`, body: plain, signature };
  expect([byLibrary(late), byUs(late), byUs({ ...late, timestamp })]).toEqual([true, false, true]);
});

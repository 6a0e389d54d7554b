import * as fc from "fast-check";
import { Pool } from "undici";
import { expect, it } from "vitest";
import { bearerSecret, openDoor, sign } from "./open-door.ts";

const body = Buffer.from(JSON.stringify({ title: "Slow", status: "firing", labels: { service: "search" } }));

/** One bit of `bytes` turned over. */
function flip(bytes: Buffer, at: number): Buffer {
  const index = Math.floor(at / 8) % bytes.length;
  const other = Buffer.from(bytes);
  other[index] = (bytes[index] ?? 0) ^ (1 << (at % 8));
  return other;
}

/** What a header may hold; others do not leave the sender. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

function isSendable({ headers }: { headers: Record<string, string> }): boolean {
  return Object.values(headers).every((value) => sendable.test(value) && value.trim() === value);
}

it("accepts no delivery of which one bit of body, signature or secret differs", async () => {
  await using open = await openDoor();
  const pool = new Pool(open.door.url, { connections: 4 });
  const signature = Buffer.from(sign(body));
  const secret = Buffer.from(bearerSecret);

  async function status(source: string, sent: Buffer, headers: Record<string, string>): Promise<number> {
    const answer = await pool.request({
      path: `/webhooks/${source}`,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: sent,
    });
    await answer.body.dump();
    return answer.statusCode;
  }

  const forged = fc.oneof(
    fc.nat(body.length * 8 - 1).map((at) => ({
      source: "signed",
      sent: flip(body, at),
      headers: { "x-signalman-signature": signature.toString() },
    })),
    fc.nat(signature.length * 8 - 1).map((at) => ({
      source: "signed",
      sent: body,
      headers: { "x-signalman-signature": flip(signature, at).toString("latin1") },
    })),
    fc.nat(secret.length * 8 - 1).map((at) => ({
      source: "plain",
      sent: body,
      headers: { authorization: `Bearer ${flip(secret, at).toString("latin1")}` },
    })),
    fc.nat(body.length - 1).map((length) => ({
      source: "signed",
      sent: body.subarray(0, length),
      headers: { "x-signalman-signature": signature.toString() },
    })),
  );

  try {
    await fc.assert(
      fc.asyncProperty(forged.filter(isSendable), async ({ source, sent, headers }) => {
        expect(await status(source, sent, headers)).toBe(401);
      }),
      { numRuns: 2500 },
    );
    expect(open.inbox.kept).toEqual([]);
    // The originals pass: the refusals above are about the one bit.
    expect(await status("signed", body, { "x-signalman-signature": signature.toString() })).toBe(202);
    expect(await status("plain", body, { authorization: `Bearer ${bearerSecret}` })).toBe(202);
  } finally {
    await pool.close();
  }
});

import * as fc from "fast-check";
import { Pool } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { openDoor, type OpenDoor } from "../../contract/http/open-door.ts";
import { openSnsWorld, openssl, type SnsWorld } from "../../contract/http/sns-world.ts";
import { campaignSize } from "../../support/campaign-size.ts";
import { type Genuine, genuineRequests } from "./genuine.ts";

/**
 * Forgeries a lock; at full size, with 13 locks, 13,000 of them. Each is a genuine request of which
 * one thing differs: a bit of the credential, signature, id, time or signed body; a header absent, empty, twice or in
 * capitals; a body cut or lengthened.
 */
const runs = campaignSize(300, 1000);
const seed = Number(process.env["SIGNALMAN_SEED"] ?? Date.now() % 2 ** 31);

let world: SnsWorld;
let open: OpenDoor;
let pool: Pool;
let genuine: Genuine[];
beforeAll(async () => {
  if (openssl === null) return;
  world = await openSnsWorld();
  genuine = genuineRequests(world, Date.now());
  open = await openDoor({
    sources: genuine.map(({ source }) => ({ ...source, source: { ...source.source, rate: unlimited } })),
    net: world.net,
  });
  pool = new Pool(open.door.url, { connections: 8 });
});
afterAll(async () => {
  if (openssl === null) return;
  await pool.close();
  await open[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const unlimited = { perSecond: 1_000_000, burst: 10_000_000 };

interface Sent {
  what: string;
  headers: [string, string][];
  body: Buffer;
}

async function status({ name }: Genuine, { headers, body }: Sent): Promise<number> {
  const answer = await pool.request({
    path: `/webhooks/${name}`,
    method: "POST",
    headers: ["content-type", "application/json", ...headers.flat()],
    body,
  });
  await answer.body.dump();
  return answer.statusCode;
}

it.skipIf(openssl === null)(
  "accepts no request of which one thing differs, and every genuine one, before and after",
  async () => {
    const figures = [];
    for (const one of genuine) {
      const original: Sent = { what: "genuine", headers: Object.entries(one.headers), body: one.body };
      expect([one.name, await status(one, original)]).toEqual([one.name, 202]);
      const before = open.inbox.kept.length;
      const counts: Record<string, number> = {};
      await fc.assert(
        fc.asyncProperty(forged(one).filter(isSendable), async (sent) => {
          counts[sent.what] = (counts[sent.what] ?? 0) + 1;
          expect([sent.what, await status(one, sent)]).not.toEqual([sent.what, 202]);
        }),
        { numRuns: runs, seed },
      );
      expect(open.inbox.kept.length).toBe(before);
      const capitals = original.headers.map(([name, value]): [string, string] => [name.toUpperCase(), value]);
      expect([one.name, await status(one, { ...original, headers: capitals })]).toEqual([one.name, 202]);
      figures.push({ lock: one.name, forgeries: runs, accepted: 0, ...counts });
    }
    process.stdout.write(
      `forgery: seed ${seed}, ${figures.length * runs} forgeries over ${figures.length} locks, 0 accepted\n${figures
        .map((figure) => JSON.stringify(figure))
        .join("\n")}\n`,
    );
  },
  600_000,
);

function forged(one: Genuine): fc.Arbitrary<Sent> {
  if (one.name.startsWith("cloudwatch")) return forgedSns(one);
  const names = fc.constantFrom(...Object.keys(one.bound));
  const headers = Object.entries(one.headers);
  const withHeader = (name: string, value: string | null): [string, string][] =>
    headers.flatMap(([own, old]): [string, string][] =>
      own === name ? (value === null ? [] : [[own, value]]) : [[own, old]],
    );
  const value = (name: string): string => one.headers[name] ?? "";
  const shapes: fc.Arbitrary<Sent>[] = [
    fc.tuple(names, fc.nat()).map(([name, at]) => {
      const start = one.bound[name] ?? 0;
      const rest = Buffer.from(value(name).slice(start));
      return {
        what: "bit of a header",
        headers: withHeader(name, value(name).slice(0, start) + flip(rest, at).toString("latin1")),
        body: one.body,
      };
    }),
    // A timestamp that is absent turns Grafana's lock into the one without: the signature does not fit that either.
    names.map((name) => ({ what: "header absent", headers: withHeader(name, null), body: one.body })),
    names.map((name) => ({ what: "header empty", headers: withHeader(name, ""), body: one.body })),
    names.map((name) => ({
      what: "header twice",
      headers: [...headers, [name, value(name)]],
      body: one.body,
    })),
    fc.tuple(names, fc.nat()).map(([name, at]) => ({
      what: "header cut",
      headers: withHeader(name, value(name).slice(0, at % value(name).length)),
      body: one.body,
    })),
    // Not after a comma: PagerDuty's header is a list, of which a further entry may be of a kind yet to come.
    fc.tuple(names, fc.stringMatching(/^[!-+\--~][!-~]{0,40}$/)).map(([name, more]) => ({
      what: "header lengthened",
      headers: withHeader(name, value(name) + more),
      body: one.body,
    })),
    names.map((name) => ({
      what: "header in capitals",
      headers: withHeader(name, value(name).toUpperCase()),
      body: one.body,
    })),
  ];
  if (one.signsBody) {
    shapes.push(
      fc.nat().map((at) => ({ what: "bit of the body", headers, body: flip(one.body, at) })),
      fc
        .nat(one.body.length - 1)
        .map((length) => ({ what: "body cut", headers, body: one.body.subarray(0, length) })),
      fc.uint8Array({ minLength: 1, maxLength: 20 }).map((more) => ({
        what: "body lengthened",
        headers,
        body: Buffer.concat([one.body, more]),
      })),
    );
  }
  const original = JSON.stringify([headers, one.body.toString("latin1")]);
  return fc
    .oneof(...shapes)
    .filter((sent) => JSON.stringify([sent.headers, sent.body.toString("latin1")]) !== original);
}

const signedMembers = [
  "Message",
  "MessageId",
  "Subject",
  "Timestamp",
  "TopicArn",
  "Type",
  "SignatureVersion",
  "SigningCertURL",
  "Signature",
] as const;

function send(what: string, message: Record<string, unknown>): Sent {
  return { what, headers: [], body: Buffer.from(JSON.stringify(message)) };
}

/** SNS signs members, not bytes: one of them differs. What it does not sign (UnsubscribeURL …) is not believed either. */
function forgedSns(one: Genuine): fc.Arbitrary<Sent> {
  const message = z.record(z.string(), z.string()).parse(JSON.parse(one.body.toString()));
  const names = fc.constantFrom(...signedMembers);
  return fc
    .oneof(
      fc.tuple(names, fc.nat()).map(([name, at]) => {
        const text = Buffer.from(message[name] ?? "");
        return send("bit of a member", { ...message, [name]: flip(text, at).toString("latin1") });
      }),
      names.map((name) => {
        const { [name]: _, ...rest } = message;
        return send("member absent", rest);
      }),
      fc
        .tuple(names, fc.constantFrom<unknown>("", null, 1, [], {}))
        .map(([name, value]) => send("member of another type", { ...message, [name]: value })),
      fc
        .tuple(names, fc.stringMatching(/^[!-~]{1,40}$/))
        .map(([name, more]) => send("member lengthened", { ...message, [name]: `${message[name]}${more}` })),
    )
    .filter(({ body }) => !body.equals(one.body));
}

/** One bit of `bytes` turned over. */
function flip(bytes: Buffer, at: number): Buffer {
  const index = Math.floor(at / 8) % bytes.length;
  const other = Buffer.from(bytes);
  other[index] = (bytes[index] ?? 0) ^ (1 << (at % 8));
  return other;
}

/** What a header may hold; others do not leave the sender. A space at an end would not arrive. */
function isSendable({ headers }: Sent): boolean {
  return headers.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && value.trim() === value);
}

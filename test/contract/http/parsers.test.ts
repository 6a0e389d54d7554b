import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Pool } from "undici";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import { maxBodyBytes } from "../../../src/adapters/http/take-delivery.ts";
import { createLog } from "../../../src/adapters/otel/create-log.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { publicCorpus } from "../../support/public-corpora.ts";
import { bearerSecret, openDoor, type OpenDoor, sourceOf } from "./open-door.ts";

const suite = publicCorpus("json/test_parsing");
const naughty = publicCorpus("blns.json");
/** Senders that dribble one byte a second: SIGNALMAN_SLOW_SENDERS, else 200. */
const slowSenders = Number(process.env["SIGNALMAN_SLOW_SENDERS"] ?? 200);

const sources = [
  sourceOf({ id: "plain", kind: "generic", rate: { perSecond: 1_000_000, burst: 10_000_000 } }, bearerSecret),
];

async function statusOf(
  pool: Pool,
  body: Buffer | string,
  more: Record<string, string> = {},
): Promise<number> {
  const answer = await pool.request({
    path: "/webhooks/plain",
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${bearerSecret}`, ...more },
    body,
  });
  await answer.body.dump();
  return answer.statusCode;
}

async function withPool(run: (open: OpenDoor, pool: Pool) => Promise<void>): Promise<void> {
  await using open = await openDoor({ sources });
  const pool = new Pool(open.door.url, { connections: 8 });
  try {
    await run(open, pool);
  } finally {
    await pool.close();
  }
}

describe.skipIf(suite === null)("JSONTestSuite, read in place", () => {
  it("accepts every y_, refuses every n_ with 4xx, survives every i_", async () => {
    await withPool(async (open, pool) => {
      const figures: Record<string, Record<string, number>> = {};
      const wrong: [string, number][] = [];
      for (const name of readdirSync(suite ?? "").filter((one) => /^[yni]_.*\.json$/.test(one))) {
        const kind = name.slice(0, 1);
        const status = await statusOf(pool, readFileSync(join(suite ?? "", name)));
        const row = (figures[kind] ??= {});
        row[status] = (row[status] ?? 0) + 1;
        const fits = { y: status === 202, n: status >= 400 && status < 500, i: status < 500 }[kind] ?? false;
        if (!fits) wrong.push([name, status]);
      }
      process.stdout.write(`JSONTestSuite: ${JSON.stringify(figures)}, kept ${open.inbox.kept.length}\n`);
      expect(wrong).toEqual([]);
      expect([figures["y"]?.[202], sum(figures["n"]), sum(figures["i"])]).toEqual([95, 188, 35]);
      expect(open.inbox.kept).toHaveLength(95 + (figures["i"]?.[202] ?? 0));
    });
  });
});

function sum(counts: Record<string, number> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

const fields: Record<string, (text: string) => unknown> = {
  title: (text) => ({ title: text, status: "firing" }),
  status: (text) => ({ title: "Slow", status: text }),
  summary: (text) => ({ title: "Slow", status: "firing", summary: text }),
  label: (text) => ({ title: "Slow", status: "firing", labels: { service: text, [text]: "x" } }),
  link: (text) => ({ title: "Slow", status: "firing", fingerprint: text, links: [text] }),
};

describe.skipIf(naughty === null)("naughty strings, read in place", () => {
  it("are kept byte for byte in every field, and read as an alert or refused with a reason", async () => {
    const texts = z.array(z.string()).parse(JSON.parse(readFileSync(naughty ?? "", "utf8")));
    await withPool(async (open, pool) => {
      const ends: Record<string, number> = {};
      for (const [field, build] of Object.entries(fields)) {
        for (const text of texts) {
          const body = JSON.stringify(build(text));
          expect([field, text, await statusOf(pool, body)]).toEqual([field, text, 202]);
          const kept = open.inbox.kept.at(-1);
          expect(Buffer.from(kept?.body ?? []).toString()).toBe(body);
          const parsed = parseDelivery(
            {
              sourceId: "plain",
              body: kept?.body ?? new Uint8Array(),
              headers: kept?.headers ?? {},
              receivedAt: toInstant(Date.now()),
            },
            sources.map(({ source }) => source),
          );
          expect(["alerts", "unmappable"]).toContain(parsed.kind);
          ends[parsed.kind] = (ends[parsed.kind] ?? 0) + 1;
        }
      }
      const sent = texts.length * Object.keys(fields).length;
      process.stdout.write(
        `naughty strings: ${texts.length} × ${Object.keys(fields).length} fields = ${sent}, all 202, ${JSON.stringify(ends)}\n`,
      );
      expect(open.inbox.kept).toHaveLength(sent);
    });
  });
});

describe.skipIf(naughty === null)("the log", () => {
  it("is one JSON a line, without a word of the request, whatever naughty strings it was made of", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalman-log-"));
    const file = join(folder, "log");
    const marked = z
      .array(z.string())
      .parse(JSON.parse(readFileSync(naughty ?? "", "utf8")))
      .concat("\u001b[31mred\u001b[0m", '{"level":"error"}\n{"level":"fatal"}', "\u2028\u2029\r\n")
      .map((text) => `marked ${text}`);
    try {
      let at = 0;
      await using open = await openDoor({
        sources,
        // Each request a minute after the one before: of many alike within seconds only the first has a line.
        clock: { now: () => Date.now(), monotonic: () => (at += 60_000) },
        log: createLog({ level: "info", file, base: { role: "web" } }),
      });
      const pool = new Pool(open.door.url, { connections: 8 });
      for (const text of marked) {
        const shown = Buffer.from(text)
          .toString("latin1")
          .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?");
        expect(await statusOf(pool, text)).toBe(400);
        expect(await statusOf(pool, "{}", { authorization: `Bearer ${shown}` })).toBe(401);
        expect(await statusOf(pool, "{}", { "content-type": shown })).toBe(415);
        expect(await statusOf(pool, "{}", { "idempotency-key": shown })).toBe(202);
        const elsewhere = await fetch(
          `${open.door.url}/webhooks/${encodeURIComponent(text.toWellFormed())}`,
          {
            method: "POST",
          },
        );
        expect(elsewhere.status).toBe(404);
      }
      await pool.close();
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      const levels = lines.map((line) => z.object({ level: z.string() }).parse(JSON.parse(line)).level);
      expect(new Set(levels)).toEqual(new Set(["info"]));
      expect(lines.join()).not.toMatch(/marked/);
      // All of the four refusals of each.
      expect(lines).toHaveLength(marked.length * 4);
      process.stdout.write(
        `log: ${marked.length} strings × 5 places, ${lines.length} lines, each one JSON\n`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("sizes and speeds", () => {
  it("refuses compressed bodies unread, and one byte too many", async () => {
    await withPool(async (open, pool) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
      for (const encoding of ["gzip", "deflate", "br", "zstd", "gzip, identity"]) {
        expect(await statusOf(pool, bomb.subarray(0, 1000), { "content-encoding": encoding })).toBe(415);
      }
      expect(await statusOf(pool, bomb.subarray(0, 1000))).toBe(400);
      const fitting = `"${"x".repeat(maxBodyBytes - 2)}"`;
      expect(await statusOf(pool, fitting)).toBe(202);
      expect(await statusOf(pool, `${fitting} `)).toBe(413);
      expect(open.inbox.kept).toHaveLength(1);
    });
  });

  it(`cuts ${slowSenders} senders of one byte a second, and answers others at once meanwhile`, async () => {
    await using open = await openDoor({ sources, timeouts: { headMs: 2000, requestMs: 3000 } });
    const head = `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\nContent-Length: 1000\r\n\r\n`;
    const started = performance.now();
    const slow = Array.from({ length: slowSenders }, (_, index) =>
      open.raw(index % 2 === 0 ? head : head.slice(0, 40), { every: 1000, send: () => "x" }),
    );
    const latencies: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      const asked = performance.now();
      expect((await open.post("/webhooks/plain", "{}")).status).toBe(202);
      latencies.push(performance.now() - asked);
    }
    const answers = await Promise.all(slow);
    const tookMs = Math.round(performance.now() - started);
    expect(answers.filter((answer) => /^HTTP\/1.1 408 /.test(answer))).toHaveLength(slowSenders);
    expect(open.inbox.kept).toHaveLength(50);
    expect(tookMs).toBeLessThan(10_000);
    const slowest = Math.round(Math.max(...latencies));
    expect(slowest).toBeLessThan(1000);
    process.stdout.write(
      `slow senders: ${slowSenders} at 1 B/s, all 408 within ${tookMs} ms; 50 others meanwhile, slowest ${slowest} ms\n`,
    );
  });
});

describe("names that mean something to JavaScript", () => {
  const texts = ["__proto__", "constructor", "prototype"].flatMap((name) => [
    `{"title":"t","status":"firing","${name}":{"polluted":1}}`,
    `{"title":"t","status":"firing","labels":{"${name}":"x","${name}2":"y"}}`,
    `{"title":"t","status":"firing","labels":{"a":"x"},"${name}":{"labels":{"polluted":"1"},"severity":"critical"}}`,
    `{"title":{"${name}":{"polluted":1}},"status":"firing"}`,
    `{"title":"t","status":"${name}","severity":"${name}","fingerprint":"${name}"}`,
    `[{"${name}":{"polluted":1}}]`,
  ]);

  it.each(texts)("%s pollutes nothing", async (text) => {
    const clean = Object.getOwnPropertyNames(Object.prototype).length;
    await withPool(async (open, pool) => {
      expect(await statusOf(pool, text)).toBe(202);
      const parsed = parseDelivery(
        {
          sourceId: "plain",
          body: open.inbox.kept[0]?.body ?? new Uint8Array(),
          headers: {},
          receivedAt: toInstant(Date.now()),
        },
        sources.map(({ source }) => source),
      );
      if (parsed.kind === "alerts") {
        for (const { labels, severity } of parsed.alerts) {
          expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
          expect([labels["polluted"], severity]).toEqual([undefined, "warning"]);
        }
      }
    });
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(clean);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

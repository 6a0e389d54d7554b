import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createHmac } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import type { Arrival } from "../../bench/harness/arrivals.ts";
import { measureRounds } from "../../bench/harness/arms.ts";
import type { Bench, BenchOptions } from "../../bench/harness/bench.ts";
import { stores } from "../../support/place.ts";
import { median, noiseOf, percentile, table } from "../../bench/harness/figures.ts";
import { loadGoals, missedGoals } from "../../bench/harness/goals.ts";
import { bareSequence, isTold } from "../../bench/harness/click-calls.ts";
import { keepResult } from "../../bench/harness/keep-result.ts";
import { closedLoop, openLoop, openLoopById, sendOne } from "../../bench/harness/load.ts";
import { memoryMb } from "../../bench/harness/memory.ts";
import { startPart } from "../../bench/harness/part.ts";
import { isAllMet, runAll, summaryOf, tableOfGoals } from "../../bench/harness/run-all.ts";
import { runBench } from "../../bench/harness/run-bench.ts";

const loadProcess = new URL("../../bench/harness/load-process.ts", import.meta.url);
const secret = "a-secret-of-the-test";

function optionsWith(more: Partial<BenchOptions> = {}): BenchOptions {
  return { store: "embedded", quick: false, seed: 7, say: () => undefined, ...more };
}

/** A door that checks signatures, keeps fingerprints, and refuses every tenth request. */
async function openToyDoor() {
  const fingerprints: string[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const mac = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
      requests += 1;
      const isRefused = requests % 10 === 0 || request.headers["x-signalman-signature"] !== mac;
      if (!isRefused) {
        const { alerts }: { alerts: { fingerprint: string }[] } = JSON.parse(body.toString());
        fingerprints.push(...alerts.map(({ fingerprint }) => fingerprint));
      }
      response.writeHead(isRefused ? 503 : 202, { "content-length": 2 }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return {
    url: `http://127.0.0.1:${address.port}/webhooks/toy`,
    fingerprints,
    requests: () => requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function mixFor(url: string, fingerprints: number | null = null) {
  return {
    url,
    secret,
    run: "toy",
    services: ["a", "b"],
    fingerprints,
    named: false,
  };
}

describe("the load generator", () => {
  it("sends signed alerts that are all different, over and over, and counts what was answered", async () => {
    await using door = await openToyDoor();
    await using load = await startPart(loadProcess);
    const plan = { mix: mixFor(door.url), connections: 4, warmUpMs: 20, measureMs: 60_000, most: 200 };
    const { acceptedInAll, others } = await load.ask(closedLoop, plan);
    expect([acceptedInAll, others]).toEqual([180, { 503: 20 }]);
    expect(new Set(door.fingerprints).size).toBe(180);
  });

  it("sends at its times, goes round the fingerprints, and says when each was accepted", async () => {
    await using door = await openToyDoor();
    await using load = await startPart(loadProcess);
    const plan = { mix: mixFor(door.url, 5), perSecond: 200, warmUpMs: 0, measureMs: 500 };
    const { acceptedInAll, others } = await load.ask(openLoop, plan);
    expect([acceptedInAll, others[503]]).toEqual([90, 10]);
    expect(new Set(door.fingerprints).size).toBe(5);
    const acks = await load.ask(openLoopById, { ...plan, mix: mixFor(door.url) });
    expect(acks).toHaveLength(90);
    expect(acks.every(([, atMs], index) => index === 0 || atMs >= (acks[index - 1]?.[1] ?? 0))).toBe(true);
  });

  it("tells an answer from none", async () => {
    await using load = await startPart(loadProcess);
    const words = { service: "a", name: "Errors", severity: "critical", id: "one" } as const;
    const refused = { url: "http://127.0.0.1:1/webhooks/toy", secret, words };
    expect((await load.ask(sendOne, refused)).status).toBe(0);
    await using door = await openToyDoor();
    expect((await load.ask(sendOne, { url: door.url, secret, words })).status).toBe(202);
    expect(door.fingerprints).toEqual(["one"]);
  });
});

describe("a toy bench", () => {
  const orders: string[] = [];
  const bench: Bench = {
    name: "toy",
    summary: "two arms that do nothing",
    async run(options) {
      const arms = ["bare", "ours", "ours again"].map((name, index) => ({
        name,
        measure: () => {
          orders.push(name);
          return Promise.resolve(100 + index);
        },
      }));
      const measured = await measureRounds(arms, 3, options, String);
      return { rate: median(measured.get("ours") ?? []), storm: { cards: 3 } };
    },
  };

  it("measures every arm once a round, in an order that the seed decides", async () => {
    const { result, missed } = await runBench(bench, optionsWith(), [], true);
    expect([result, missed]).toEqual([
      { bench: "toy", store: "embedded", rate: 101, storm: { cards: 3 } },
      [],
    ]);
    expect(Object.keys(result).slice(0, 2)).toEqual(["bench", "store"]);
    const first = orders.splice(0);
    expect(first).toHaveLength(9);
    for (const round of [0, 3, 6]) expect(new Set(first.slice(round, round + 3)).size).toBe(3);
    await runBench(bench, optionsWith(), [], true);
    expect(orders.splice(0)).toEqual(first);
  });

  it("is held against its goals, by name; with --quick against easier ones, and once more before it fails", async () => {
    const goals = [
      { figure: "rate", min: 120 },
      { figure: "storm.cards", max: 2 },
      { figure: "absent", min: 1 },
    ];
    const full = await runBench(bench, optionsWith(), goals, true);
    expect(full.missed).toEqual([
      "rate is 101, goal at least 120",
      "storm.cards is 3, goal at most 2",
      "absent is missing",
    ]);
    expect(orders.splice(0)).toHaveLength(9);
    const quick = await runBench(bench, optionsWith({ quick: true }), goals, true);
    expect(quick.missed).toEqual(["storm.cards is 3, goal at most 2.5", "absent is missing"]);
    expect(orders.splice(0)).toHaveLength(18);
    expect((await runBench(bench, optionsWith(), goals, false)).missed).toEqual([]);
  });

  it("may have to reach another figure of its own", () => {
    const goals = [{ figure: "ours", atLeastThe: "bare" }];
    expect(missedGoals(goals, { ours: 5, bare: 4 }, false)).toEqual([]);
    expect(missedGoals(goals, { ours: 5, bare: 6 }, false)).toEqual(["ours is 5, goal at least bare, 6"]);
  });
});

function call(method: string, path: string, body = ""): Arrival {
  return { atMs: 0, method, url: `http://127.0.0.1:1${path}`, headers: {}, body };
}

describe("the calls of a click", () => {
  it("come down to what the write could not do without, then the write and the card", () => {
    const card = { channel: "C0BENCH0", ts: "17.5" };
    const needed = call("GET", "/api/v1/envs/e/feature-flags/one");
    const asked = call("POST", "/api/users.info", "user=U0RUTH");
    const write = call("PUT", "/api/v1/envs/e/feature-flags/one/toggle/false");
    const rewriting = call("POST", "/api/chat.update", "channel=C0BENCH0&ts=17.5");
    const calls = [
      needed,
      call("GET", "/api/v1/envs/e/feature-flags/other"),
      rewriting,
      call("POST", "/api/chat.postMessage", "ts=17.5"),
      asked,
      call("POST", "/api/public/insight/track"),
      write,
      call("GET", "/api/v1/envs/e/audit-logs"),
    ];
    expect(bareSequence(calls, card)).toEqual([needed, asked, write, rewriting]);
    expect([isTold(rewriting, card), isTold({ ...rewriting, body: "ts=17.5 roll_back" }, card)]).toEqual([
      false,
      true,
    ]);
    expect(() => bareSequence([needed, write], card)).toThrow("rewrote its card");
  });
});

describe("figures", () => {
  it("are the middle, the share and the distance", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([percentile([5, 1, 3], 0.5), percentile([5, 1, 3], 0.99), percentile([7], 0)]).toEqual([3, 5, 7]);
    expect(
      noiseOf([
        [100, 80],
        [100, 95],
      ] as const),
    ).toBeCloseTo(0.25);
    expect(table(["a", "bb"], [["1", "2"]])).toBe("a  bb\n-  --\n1  2");
  });
});

describe("results", () => {
  const folder = mkdtempSync("/tmp/signalman-bench-");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are kept by day", () => {
    const at = new Date("2026-11-21T12:00:00Z");
    const file = keepResult(folder, { bench: "toy", rate: 1 }, at);
    keepResult(folder, { bench: "toy", rate: 2 }, at);
    expect(file).toBe(join(folder, "2026-11-21.json"));
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject([{ rate: 1 }, { rate: 2 }]);
  });

  it("have goals that can be read, and processes whose memory can be told", () => {
    const file = new URL("../../bench/goals.json", import.meta.url);
    const click = stores.map(
      (store) => loadGoals(file, store)["click"]?.filter(({ max }) => max === 8).length,
    );
    expect(click).toEqual([0, 0, 1]);
    const benches = readdirSync(new URL(".", file)).filter((name) => /^(?!run)[a-z]+\.ts$/.test(name));
    const withGoals = Object.keys(loadGoals(file, "embedded")).map((bench) => `${bench}.ts`);
    expect(benches.toSorted()).toEqual(expect.arrayContaining(withGoals));
    if (process.platform === "linux") expect(memoryMb([process.pid])).toBeGreaterThan(10);
  });
});

function toy(name: string, run: Bench["run"]): Bench {
  return { name, summary: `does ${name}`, run };
}

describe("all benches", () => {
  const benches = [
    toy("slow", () => Promise.resolve({ rate: 5, bare: 4, storm: { cards: 12 } })),
    toy("broken", () => Promise.reject(new Error("there is no PostgreSQL\nat all"))),
    toy("aimless", () => Promise.resolve({ rate: 1 })),
  ];
  const goals = {
    slow: [
      { figure: "rate", atLeastThe: "bare" },
      { figure: "storm.cards", max: 10 },
      { figure: "absent", min: 1 },
    ],
  };

  it("run one after the other, whatever becomes of each, and end in one table of all goals", async () => {
    const heard: string[] = [];
    const ended = await runAll(benches, optionsWith(), goals, true, ({ bench }) => heard.push(bench));
    expect(heard).toEqual(["slow", "broken", "aimless"]);
    expect(tableOfGoals(ended).split("\n")).toEqual([
      "bench    figure       goal              measured                                  took",
      "-------  -----------  ----------------  --------  ------------------------------  ----",
      "slow     rate         at least bare, 4  5         met                             0 s",
      "         storm.cards  at most 10        12        missed",
      "         absent       at least 1        missing   missed",
      "broken                                            failed: there is no PostgreSQL  0 s",
      "aimless               none                                                        0 s",
    ]);
    expect(summaryOf(ended)).toBe("bench: 3 benches, 3 goals, 1 met, 2 missed, failed: broken; 0 s");
    expect(isAllMet(ended)).toBe(false);
    expect(isAllMet(await runAll(benches.slice(2), optionsWith(), goals, true))).toBe(true);
  });
});

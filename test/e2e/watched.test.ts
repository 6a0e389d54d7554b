import { execFileSync } from "node:child_process";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goodAnswer, lateAnswer } from "../../src/sandbox/openai/model-answers.ts";
import type { World } from "../../src/sandbox/world/create-world.ts";
import { createPlay, type Play } from "../support/incident-play.ts";
import { buildWorld } from "../support/open-shop.ts";
import { opsMetrics } from "../support/ops-files.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { type Pointed, type Spawned, spawnSignalman, workFolder } from "../support/signalman.ts";
import { spanTree } from "../support/span-tree.ts";
import { tool } from "../support/tools.ts";
import { until } from "../support/until.ts";

const token = "metrics-token-0123456789";
const collectorKey = "Bearer collector-key-0123456789";
const promtool = tool("promtool");

const suspect = {
  flagKey: "checkout_one_click",
  confidence: "high",
  why: "It came first.",
  citations: ["E1", "E2"],
};
const good = goodAnswer({ cause: "flag", suspects: [suspect], abstention: null, confidence: "high" });

const stack = new AsyncDisposableStack();
let receiver: OtlpReceiver;
let world: World;
let play: Play;
let pointed: Pointed;
let folder: string;
let signalman: Spawned;

// One process that is watched in every way, from its start over an alert to its end.
beforeAll(async () => {
  receiver = stack.use(await startOtlpReceiver(collectorKey));
  const work = stack.use(workFolder());
  folder = work.path;
  const options = { dataFolder: work.dataFolder, withModel: true, verifyAfterSeconds: 2 };
  world = stack.use(await buildWorld(options));
  world.model?.behave(good);
  play = createPlay(world);
  pointed = {
    settings: { ...world.settings, metrics: { port: 0 }, log: { level: "debug" } },
    env: {
      ...world.env,
      METRICS_TOKEN: token,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(collectorKey)}`,
      OTEL_SERVICE_NAME: "ops-bot",
    },
  };
  signalman = stack.use(await spawnSignalman(pointed, folder));
}, 60_000);

afterAll(() => stack.disposeAsync());

async function page(): Promise<string> {
  const response = await fetch(`${signalman.doorUrl}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return response.text();
}

function value(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe("who has no credential", () => {
  const places =
    "/ /metrics /metrics/x /webhooks/alertmanager /webhooks/none /webhooks/ /slack/events /console /livez/";
  it.each(places.split(" "))("gets nothing from %s", async (path) => {
    for (const authorization of [undefined, "Bearer wrong-token-0123456789", "Basic eDp5", "bearer", token]) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const response = await fetch(signalman.doorUrl + path, {
          method,
          headers: { "content-type": "application/json", ...(authorization && { authorization }) },
          ...(["POST", "PUT", "PATCH"].includes(method) && { body: "{}" }),
        });
        // That a webhook is a POST stands in the manual.
        const told = path.startsWith("/webhooks/") && method !== "POST" ? [405] : [];
        expect([401, 404, ...told], `${method} ${path} ${authorization}`).toContain(response.status);
      }
    }
  });

  it.each(["/livez", "/readyz"])("is answered at %s", async (path) => {
    expect((await fetch(signalman.doorUrl + path)).status).toBe(200);
  });

  it("gets metrics on their own port, and nothing else there", async () => {
    const port = /"port":(\d+)[^\n]*Metrics are shown/.exec(signalman.log())?.[1];
    const open = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await open.text()).toContain("signalman_database_up 1");
    for (const path of ["/", "/livez", "/webhooks/alertmanager", "/metrics/"]) {
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(404);
    }
  });
});

describe("/metrics", () => {
  it("begins its counters at nothing, so that the first of something is a rise", async () => {
    const text = await page();
    expect(value(text, 'signalman_executions_total{outcome="applied"}')).toBe(0);
    expect(value(text, 'signalman_verdicts_total{verdict="worse"}')).toBe(0);
    expect(value(text, "signalman_database_up")).toBe(1);
    expect(value(text, 'signalman_work_oldest_seconds{stage="execute"}')).toBe(0);
  });

  it("follows an alert to its verdict, and has all that ops/ asks for", { timeout: 90_000 }, async () => {
    await play.fire(signalman.doorUrl, "checkout");
    await play.cardOffering("approve", 30_000);
    const undecided = 'signalman_open_changes{status="awaiting_approval"}';
    const waiting = await until("a change to be seen that waits", async () => {
      const text = await page();
      return value(text, undecided) === 1 ? text : null;
    });
    expect(
      value(waiting, 'signalman_open_change_oldest_seconds{status="awaiting_approval"}'),
    ).toBeGreaterThan(0);
    expect(value(waiting, "signalman_open_incidents")).toBe(1);
    expect(value(waiting, "signalman_approvals_past_sla")).toBe(0);
    await play.approve("ruth");
    await play.threadWith("*Verdict: ", 30_000);

    const text = await until("the verdict to be counted", async () => {
      const now = await page();
      return /signalman_verdicts_total\{verdict="\w+"\} 1$/m.test(now) ? now : null;
    });
    expect(value(text, 'signalman_deliveries_total{outcome="joined"}')).toBe(1);
    expect(value(text, 'signalman_assessments_total{route="default",fell_back="false"}')).toBe(1);
    expect(value(text, 'signalman_executions_total{outcome="applied"}')).toBe(1);
    expect(value(text, 'signalman_votes_total{vote="approve"}')).toBe(1);
    expect(value(text, 'signalman_changes_proposed_total{kind="new"}')).toBe(1);
    const names = new Set([...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name));
    expect(opsMetrics().filter((name) => !names.has(name))).toEqual([]);
    expect(opsMetrics().length).toBeGreaterThan(15);
    // No service's, flag's or person's name: figures are for more people than incidents are.
    expect(text).not.toMatch(/checkout|Ruth/i);
  });

  it.skipIf(promtool === null)("is text that Prometheus reads, says promtool", async () => {
    const input = await page();
    const ask = (): string => {
      try {
        return execFileSync(promtool ?? "", ["check", "metrics"], { input, encoding: "utf8", stdio: "pipe" });
      } catch (error) {
        // 3: it was read, and some names are not as Prometheus likes them. Those are OpenTelemetry's.
        expect(error).toMatchObject({ status: 3 });
        return error instanceof Error && "stderr" in error ? String(error.stderr) : "";
      }
    };
    const lint = ask()
      .split("\n")
      .filter((line) => !line.startsWith("http_") && !line.startsWith("gen_ai_"));
    expect(lint.join("\n").trim()).toBe("");
  });
});

describe("at SIGTERM", () => {
  it("ends in order and in time, with an investigation in hand", { timeout: 60_000 }, async () => {
    // It would take longer than there is.
    world.model?.behave(lateAnswer(25_000, good));
    const asked = world.model?.requests.length ?? 0;
    await play.fire(signalman.doorUrl, "search");
    const isAsked = () => (world.model?.requests.length ?? 0) > asked;
    await until("the model to be asked", isAsked, { timeoutMs: 30_000 });
    const stoppedAt = performance.now();
    signalman.child.kill("SIGTERM");
    expect(await signalman.ended).toBe(0);
    // Its own limit is 10 s; what a busy machine takes to end a process is not counted.
    expect(performance.now() - stoppedAt).toBeLessThan(14_000);
    expect(signalman.log()).toContain('"msg":"Stopped"');
    // Free for whoever is next, not held until a lease has run out.
    const runs = receiver.spans.filter(({ name }) => name === "process investigate");
    expect(runs.map(({ attributes }) => attributes["signalman.outcome"])).toEqual(["committed", "again"]);
    expect(signalman.log()).not.toContain('"level":"error"');
  });

  it("has sent one trace from the webhook to the verdict, and the lines that belong to it", () => {
    expect(receiver.complaints).toEqual([]);
    expect([...receiver.services]).toEqual(["ops-bot"]);
    const door = receiver.spans
      .filter(({ name }) => name.startsWith("POST /webhooks/"))
      .find(({ attributes }) => attributes["http.response.status_code"] === 202);
    const spans = receiver.spans.filter(({ traceId }) => traceId === door?.traceId);
    const tree = spanTree(spans);
    process.stdout.write(`${tree}\n`);
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(ofEveryStage));
    expect(tree.split("\n").filter((line) => !line.startsWith(" "))).toHaveLength(1);

    // Of the conventions only what they say today.
    const conventional = new Set<unknown>(Object.values(conventions));
    const attributes = receiver.spans.flatMap((span) =>
      [span, ...span.events].map((each) => each.attributes),
    );
    const used = new Set(attributes.flatMap((each) => Object.keys(each)));
    expect([...used].filter((name) => !name.startsWith("signalman.") && !conventional.has(name))).toEqual([]);

    // No credential, and nothing that others wrote: an alert, a message, what a model or a person said.
    const secrets = Object.entries(world.env).filter(([name]) => /TOKEN|SECRET|KEY/.test(name));
    const texts = [...secrets.map(([, secret]) => secret), "error ratio", suspect.why, "The errors began"];
    for (const text of texts) expect(JSON.stringify(receiver.spans)).not.toContain(text);

    const ids = new Set(spans.map(({ spanId }) => spanId));
    const lines = receiver.logs.filter(({ traceId }) => traceId === door?.traceId);
    expect(lines.map((line) => line.attributes["stage"])).toContain("execute");
    for (const line of lines) {
      expect(ids).toContain(line.spanId);
      expect(line.attributes["correlationId"]).not.toBe("");
    }
    expect(receiver.metrics).toContain("signalman_executions_total");
  });

  it("has handed back what it had in hand, and nothing is done twice", { timeout: 60_000 }, async () => {
    world.model?.behave(good);
    signalman = stack.use(await spawnSignalman(pointed, folder));
    await play.cardWith(/Search[^]*Drafted by sandbox-model/, 30_000);
    expect(play.cards()).toHaveLength(2);
    expect(play.mutationsOf("checkout_one_click")).toHaveLength(1);
    expect(signalman.log()).not.toContain('"level":"error"');
  });
});

const ofEveryStage = [
  "POST /webhooks/{source}",
  "process intake",
  "process investigate",
  "gather metrics",
  "POST /api/v1/query_range",
  "GET /api/v1/envs/{}/audit-logs",
  "chat sandbox-model",
  "commit",
  "process notify",
  "POST /api/chat.postMessage",
  "click approve",
  "form vote",
  "process execute",
  "apply flag.turn_off",
  "PUT /api/v1/envs/{}/feature-flags/{}/toggle/{}",
  "process verify",
];

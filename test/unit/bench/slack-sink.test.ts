import { describe, expect, it } from "vitest";
import { createAlertWriter } from "../../bench/harness/alerts.ts";
import { closedLoop } from "../../bench/harness/load.ts";
import { startPart } from "../../bench/harness/part.ts";
import { firstTold, openSink, paceSink, whatWasTold } from "../../bench/harness/slack-sink.ts";

const sink = new URL("../../bench/harness/slack-sink-process.ts", import.meta.url);
const loadProcess = new URL("../../bench/harness/load-process.ts", import.meta.url);

async function openTold() {
  const part = await startPart(sink);
  const { webhookUrl, apiUrl } = await part.ask(openSink, null);
  return {
    part,
    hook: (text: string) => fetch(webhookUrl, { method: "POST", body: JSON.stringify({ text }) }),
    call: (text: string) =>
      fetch(`${apiUrl}chat.postMessage`, { method: "POST", body: new URLSearchParams({ text }) }),
    webhookUrl,
    [Symbol.asyncDispose]: () => part[Symbol.asyncDispose](),
  };
}

describe("the Slack that other bots are pointed at", () => {
  it("counts each alert once, by whatever way it is told", async () => {
    await using slack = await openTold();
    await slack.hook("*Errors* on search (mkstorm-1)");
    await slack.call("*Errors* on search (mkstorm-1) & (mkstorm-2)");
    expect(await slack.part.ask(whatWasTold, null)).toEqual({ messages: 2, alerts: 2 });
    expect((await slack.part.ask(firstTold, null)).map(([id]) => id)).toEqual(["mkstorm-1", "mkstorm-2"]);
  });

  it("takes the newest count of each of Alertmanager's groups", async () => {
    await using slack = await openTold();
    await slack.hook("[FIRING:1] Slow search (mkstorm-1 production)");
    await slack.hook("[FIRING:40] Slow search (production)");
    await slack.hook("[FIRING:2] Slow checkout (production)");
    expect(await slack.part.ask(whatWasTold, null)).toEqual({ messages: 3, alerts: 42 });
  });

  it("refuses more than one message a second once it keeps Slack's pace, and counts none that it refused", async () => {
    await using slack = await openTold();
    await slack.part.ask(paceSink, null);
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => slack.call(`(mkstorm-${n})`)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(
      (await slack.part.ask(whatWasTold, null)).messages,
    );
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
  });
});

describe("what is sent", () => {
  it("is of as many kinds as asked for, whatever the number of alerts", async () => {
    await using slack = await openTold();
    await using load = await startPart(loadProcess);
    const mix = {
      url: slack.webhookUrl,
      secret: "a-secret-of-the-test",
      run: "mkstorm",
      services: ["a", "b"],
      fingerprints: null,
      kinds: { count: 6, name: "[FIRING:1] Slow" },
      form: "api" as const,
      named: false,
    };
    const plan = { mix, connections: 2, warmUpMs: 0, measureMs: 20_000, most: 30 };
    expect((await load.ask(closedLoop, plan)).acceptedInAll).toBe(30);
    expect(await slack.part.ask(whatWasTold, null)).toEqual({ messages: 30, alerts: 3 });
    expect(await slack.part.ask(firstTold, null)).toHaveLength(30);
  });

  it("has for Alertmanager itself the form in which Prometheus posts alerts", () => {
    const words = { service: "search", name: "Slow", severity: "critical", id: "mkquiet-7" } as const;
    const posted: unknown = JSON.parse(createAlertWriter("api")(words));
    expect(posted).toMatchObject([
      { labels: { alertname: "Slow", service: "search", severity: "critical", instance: "mkquiet-7" } },
    ]);
  });
});

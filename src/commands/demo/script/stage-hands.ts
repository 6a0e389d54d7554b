import { createPrometheus } from "../../../adapters/prometheus/prometheus.ts";
import { toInstant } from "../../../domain/ids.ts";
import type { ScenarioName } from "../../../sandbox/world/trouble.ts";
import type { Demo } from "../open-demo.ts";
import type { FlagWatch } from "./flag-watch.ts";
import type { SlackDesk } from "./slack-desk.ts";
import { Unexpected, type Steps } from "./steps.ts";
import { until } from "./until.ts";

/** What a scenario of the script works with. */
export interface Stage {
  demo: Demo;
  steps: Steps;
  slack: SlackDesk;
  flags: FlagWatch;
}

const recoveryMs = 30_000;

/** Fires the alert of a scenario at the door; answers how many messages the channel had before. */
export async function fireAlert({ demo, steps }: Stage, scenario: ScenarioName): Promise<number> {
  const { slack, channels, trouble } = demo.world;
  const since = slack.messages(channels.incidents.id).length;
  await steps.step("alert accepted", "202 with a correlation id", async () => {
    const sent = await demo.sender.fire(trouble.alert(scenario));
    if (sent.httpStatus !== 202 || sent.correlationId === undefined) {
      throw new Unexpected(`${sent.httpStatus ?? "no answer"}: ${sent.answer}`);
    }
    return `202, correlation id ${sent.correlationId}`;
  });
  return since;
}

/** Waits until Prometheus has the metric at or below `level`; answers its value. */
export async function metricFalls(
  { demo }: Stage,
  query: string | undefined,
  level: number,
): Promise<number> {
  if (query === undefined) throw new Error("the service has no query");
  const telemetry = createPrometheus({ url: demo.world.prometheus.url, timeoutMs: 5_000 });
  return until(recoveryMs, async () => {
    const now = Date.now();
    const series = await telemetry.range(query, toInstant(now - 5_000), toInstant(now), 1_000);
    const value = series[0]?.points.at(-1)?.[1];
    if (value === undefined) throw new Unexpected("no samples");
    if (value > level) throw new Unexpected(`${value.toPrecision(3)}, above ${level}`);
    return value;
  });
}

/** The words of a card that match, without Slack's signs for bold; empty where none do. */
export function wordsOf(text: string, pattern: RegExp): string {
  return (pattern.exec(text)?.[0] ?? "").replaceAll("*", "");
}

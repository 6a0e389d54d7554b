import { createPrometheus } from "../../../adapters/prometheus/prometheus.ts";
import { toInstant } from "../../../domain/ids.ts";
import { checkoutQueries } from "../../../sandbox/services/checkout.ts";
import { searchQueries } from "../../../sandbox/services/search.ts";
import { supportQueries } from "../../../sandbox/services/support-assistant.ts";
import { html } from "../../../sandbox/slack/page/html.ts";
import type { Panel } from "../../../sandbox/slack/page/panel.ts";
import { formatDate } from "../../../sandbox/slack/page/render-date.ts";
import { flagOf, type ScenarioName } from "../../../sandbox/world/trouble.ts";
import { fresh } from "../fresh.ts";
import type { Demo } from "../open-demo.ts";
import { clip } from "../clip.ts";
import { plotMarkup } from "./plot.ts";

interface Gauge {
  scenario: ScenarioName;
  title: string;
  query: string | undefined;
  unit: string;
  /** Above this the alert fires, in `unit`. */
  alarm: number;
}

const gauges: readonly Gauge[] = [
  {
    scenario: "support",
    title: "Support answers, p95",
    query: supportQueries()[0]?.query,
    unit: " s",
    alarm: 2,
  },
  {
    scenario: "checkout",
    title: "Checkout, failed requests",
    query: percent(checkoutQueries()[0]?.query),
    unit: "%",
    alarm: 5,
  },
  { scenario: "search", title: "Search, p95", query: searchQueries()[0]?.query, unit: " s", alarm: 1 },
];

const spanMs = 10 * 60_000;
const stepMs = 4_000;
const mostMarks = 6;

interface Mark {
  atMs: number;
  words: string;
}

/** The last ten minutes of each service as Prometheus tells them, with the moments at which something was changed. */
export function metricsPanel({ world }: Demo): Panel {
  const telemetry = createPrometheus({ url: world.prometheus.url, timeoutMs: 5_000 });

  const marksOf = (scenario: ScenarioName, fromMs: number): Mark[] => {
    const changes = world.featbit.mutations
      .filter(({ subject, key }) => subject === "flag" && key === flagOf[scenario])
      .map(({ at, actor, operation, comment }) => ({
        atMs: Date.parse(at),
        words: clip(`${actor ?? "FeatBit"}: ${comment || operation}`, 110),
      }));
    const deploys = (scenario === "search" ? world.trouble.deploys : [])
      .filter(({ at }) => Number.isFinite(at))
      .map(({ at, version }) => ({ atMs: at, words: `deploy ${version}` }));
    return [...changes, ...deploys]
      .filter(({ atMs }) => atMs >= fromMs)
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(-mostMarks);
  };

  const gaugeMarkup = async (gauge: Gauge, toMs: number) => {
    const fromMs = toMs - spanMs;
    const series = await telemetry.range(gauge.query ?? "", toInstant(fromMs), toInstant(toMs), stepMs);
    const points = (series[0]?.points ?? []).filter(([, value]) => Number.isFinite(value));
    const marks = marksOf(gauge.scenario, fromMs);
    const now = points.at(-1)?.[1];
    const state =
      now === undefined ? "no samples" : now > gauge.alarm ? "above the alert line" : "below the alert line";
    const figures = points.map(([, value]) => value);
    const span =
      figures.length === 0
        ? ""
        : ` It ranged from ${number(Math.min(...figures))} to ${number(Math.max(...figures))}${gauge.unit}.`;
    const reading = now === undefined ? "–" : `${number(now)}${gauge.unit}`;
    const description = `${gauge.title}, last ten minutes: now ${reading}, ${state} of ${gauge.alarm}${gauge.unit}.${span}`;
    return html`<section class="gauge" data-gauge="${gauge.scenario}">
      <h3>${gauge.title}</h3>
      <p class="gauge-now"><strong>${reading}</strong> ${state} (${gauge.alarm}${gauge.unit})</p>
      ${plotMarkup({ description, points, fromMs, toMs, unit: gauge.unit, alarm: gauge.alarm, marks: marks.map(({ atMs }) => atMs) })}
      <ol class="gauge-marks">
        ${marks.map(({ atMs, words }) => html`<li><time datetime="${toInstant(atMs)}">${formatDate(atMs / 1000, "{time_secs}")}</time> ${words}</li>`)}
      </ol>
    </section>`;
  };

  const markup = fresh(900, async () => {
    const toMs = Math.floor(Date.now() / 2_000) * 2_000;
    return html`${await Promise.all(gauges.map((gauge) => gaugeMarkup(gauge, toMs)))}`.markup;
  });
  return { id: "metrics", title: "Live metrics", html: markup };
}

function percent(query: string | undefined): string | undefined {
  return query === undefined ? undefined : `100 * (${query})`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

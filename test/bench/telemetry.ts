import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { bytesTaken, openCollector } from "./harness/collector.ts";
import { startOurs } from "./harness/contenders.ts";
import { median, noiseOf, rounded, spread, table } from "./harness/figures.ts";
import { closedLoop, type Load } from "./harness/load.ts";
import { startPart } from "./harness/part.ts";
import { processorTimeUs } from "./harness/processor-time.ts";
import { mixFor, plainWorld, settled, shownLoad, valueAt } from "./harness/steady-load.ts";

export const name = "telemetry";
export const summary = "what traces, metrics and logs cost intake: on, off, and with no such code at all";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const collectorProcess = new URL("harness/collector-process.ts", import.meta.url);
const hook = new URL("harness/without-opentelemetry-process.ts", import.meta.url);
const connections = 50;

/**
 * Full: about 6 minutes. Quick: about 70 seconds. Warmed up for as long as V8 takes to compile what telemetry brings
 * along: it is what a delivery costs that is asked, not what a start does.
 */
const full = { rounds: 5, warmUpMs: 8000, measureMs: 5000 };
const short = { rounds: 2, warmUpMs: 3000, measureMs: 2000 };

/**
 * The same load on four of ours: sending everything to a collector, sending nothing, that once more for the noise, and
 * one whose `@opentelemetry/api` is made of empty functions.
 */
export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  await using collector = await startPart(collectorProcess);
  const { url: collectorUrl } = await collector.ask(openCollector, null);

  const arms = [
    arm("on", { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl, METRICS_TOKEN: "metrics-token-0123456789" }),
    arm("off", {}),
    arm("off again", {}),
    arm("no such code", { NODE_OPTIONS: `--import=${hook.href}` }),
  ];
  const loads = await measureRounds(arms, plan.rounds, options, shown);
  const { traces } = await collector.ask(bytesTaken, null);
  if (traces === 0) throw new Error("the arm that is on has sent no spans");

  const cost = (name: string) => (loads.get(name) ?? []).map(({ processorUs }) => processorUs);
  const of = (name: string) => (loads.get(name) ?? []).map(({ perSecond }) => perSecond);
  const [on, off, again, without] = [of("on"), of("off"), of("off again"), of("no such code")];
  const both = off.map((rate, round) => (rate + valueAt(again, round)) / 2);
  const onToOff = on.map((rate, round) => rate / valueAt(both, round));
  const offToNone = both.map((rate, round) => rate / valueAt(without, round));
  const noise = noiseOf(off.map((rate, round) => [rate, valueAt(again, round)] as const));
  options.say(
    table(
      ["arm", "accepted/s", "p99 ms", "processor µs each"],
      arms.map((each) => [
        each.name,
        spread(of(each.name)),
        spread((loads.get(each.name) ?? []).map(({ p99Ms }) => p99Ms)),
        spread(cost(each.name)),
      ]),
    ),
  );
  return {
    on_per_s: Math.round(median(on)),
    off_per_s: Math.round(median(both)),
    without_per_s: Math.round(median(without)),
    on_to_off: rounded(median(onToOff)),
    off_to_without: rounded(median(offToNone)),
    noise: rounded(noise),
    off_cost_beyond_noise: rounded(Math.max(0, 1 - median(offToNone) - noise)),
    on_processor_us: rounded(median(cost("on"))),
    off_processor_us: rounded(median([...cost("off"), ...cost("off again")])),
    without_processor_us: rounded(median(cost("no such code"))),
    span_megabytes: rounded(traces / 1e6),
  };

  function arm(armName: string, env: Readonly<Record<string, string>>): Arm<Measured> {
    return {
      name: armName,
      async measure() {
        await using ours = await startOurs(options, ["web"], plainWorld, env);
        await settled();
        const put = (run: string, measureMs: number) =>
          load.ask(closedLoop, {
            mix: { ...mixFor(ours.url), run },
            connections,
            most: 250_000,
            warmUpMs: 0,
            measureMs,
          });
        await put("warm-up", plan.warmUpMs);
        const pids = ours.processes.map(({ pid }) => pid);
        const before = spentBy(pids);
        const measured = await put("load", plan.measureMs);
        return { ...measured, processorUs: (spentBy(pids) - before) / measured.accepted };
      },
    };
  }
}

/** Of the processor time, whatever else the machine does, per delivery that was accepted. */
type Measured = Load & { processorUs: number };

function spentBy(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processorTimeUs(pid), 0);
}

function shown(measured: Measured): string {
  return `${shownLoad(measured)}, ${rounded(measured.processorUs)} µs of a processor each`;
}

import { cpus } from "node:os";
import type { StoreName } from "../../support/place.ts";
import { type CampaignResult, type CounterExample, injectedIn } from "./campaign.ts";

/** Everything but the last line: what was tried, Jepsen's numbers, what became of the uncertain, and on what. */
export function report(result: CampaignResult, stores: readonly StoreName[], seed: number): string[] {
  const { results, numbers, uncertain, leftOut, tookMs } = result;
  const injected = injectedIn(result);
  const kinds = [...new Set(results.map(({ kind }) => kind))].toSorted();
  const rows = kinds.flatMap((kind) =>
    stores.flatMap((store) => {
      const own = results.filter((each) => each.kind === kind && each.store === store);
      if (own.length === 0) return [];
      const seconds = own.reduce((sum, each) => sum + each.tookMs, 0) / 1000;
      const faults = own.reduce((sum, each) => sum + each.injected, 0);
      return [[kind, store, String(own.length), String(faults), seconds.toFixed(1)]];
    }),
  );
  return [
    ...aligned([["kind", "store", "trials", "faults", "seconds"], ...rows]),
    "",
    `alerts: ${Object.entries(numbers)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
    `uncertain outcomes: ${uncertain.applied} read back as applied, ${uncertain.notApplied} as not applied, ${uncertain.needsPerson} left to a person`,
    ...(leftOut.length === 0
      ? []
      : [`not tried, for lack of time (--minutes): ${leftOut.length}: ${leftOut.join("; ")}`]),
    injected === 0
      ? ""
      : `no failure in ${injected} faults: with 95 % confidence fewer than ${Math.min(100, 300 / injected).toFixed(2)} % of such faults fail (3/N)`,
    `seed ${seed}, ${(tookMs / 1000).toFixed(0)} s, Node ${process.version}, ${cpus().length} cores`,
  ];
}

export function lastLine(result: CampaignResult): string {
  return `faults: ${injectedIn(result)} injected, 0 lost, 0 twice, 0 unapproved, 0 unexplained`;
}

const logLines = 40;

export function counterExampleLines(found: CounterExample, replay: string): string[] {
  const { trial, store, seed, fault, what, trace, log } = found;
  return [
    `COUNTER-EXAMPLE (${fault}): ${trial} · ${store}, seed ${seed}`,
    ...what.map((line) => `  ${line}`),
    "What was done, oldest first:",
    ...trace.slice(-60).map((line) => `  ${line}`),
    "The last lines of Signalman's log:",
    ...log
      .trim()
      .split("\n")
      .slice(-logLines)
      .map((line) => `  ${line.slice(0, 600)}`),
    `Play it again: ${replay}`,
    `faults: counter-example, ${fault}: ${trial} · ${store}, seed ${seed}: ${what[0]?.split("\n")[0]?.slice(0, 300) ?? ""}`,
  ];
}

function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { suggestion } from "../domain/closest-word.ts";
import { later } from "../domain/ids.ts";
import { Duration, durationMs } from "../domain/policy/governance-contract.ts";
import {
  type AutonomyReport,
  type AutonomyRow,
  tallyAutonomy,
  weighAutonomy,
} from "../domain/report/autonomy.ts";
import type { Budgets } from "../pipeline/ports/storage.ts";
import { tableOf } from "./shown/table.ts";

const words = ["autonomy"];

export const name = "report";
export const summary = "how each tool did in each stage: evidence for giving it more authority, or less";
export const usage = `Usage: signalman report autonomy [--since 30d] [--json] [--config <file>]

autonomy  of every tool and mode: drafts, what people made of them, what they led to, how long it took and what the
          model cost, and what that speaks for. It changes nothing: people give authority (signalman controls set)

Reads the database of DATABASE_URL, or the data folder of signalman.yml.
Exit code: 0 done, 2 wrong usage or configuration.`;

const pageSize = 1000;
/** Sums of what was spent are kept for seven days. */
const costDays = 7;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      since: { type: "string", default: "30d" },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const [word, more] = positionals;
  if (word === undefined) throw new UsageError("Say what to report: autonomy.");
  if (!words.includes(word)) {
    throw new UsageError(`There is no "report ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
  if (more !== undefined) throw new UsageError(`There is one word too many: "${more.slice(0, 60)}".`);
  if (!Duration.safeParse(values.since).success) {
    throw new UsageError(`--since ${values.since.slice(0, 40)} is no duration; write it as 12h or 30d.`);
  }
  const database = loadDatabase(processOrigin(values.config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("./store/open-store.ts");
  await using opened = await openStore(database);
  const { store } = opened;
  const tally = tallyAutonomy(later(await store.now(), -durationMs(values.since)));
  for (let position = 0; ;) {
    const page = await store.ledger.entries(position, pageSize);
    if (page.length === 0) break;
    position += page.length;
    for (const entry of page) tally.take(entry);
  }
  const report = tally.report();
  const costs = await Promise.all(report.rows.map((row) => costOf(row, store.budgets)));
  process.stdout.write(values.json ? jsonOf(report, costs) : textOf(report, costs, values.since));
  return 0;
}

/** In the currency of `model.prices`, of the last seven days. */
async function costOf({ incidents }: AutonomyRow, budgets: Budgets): Promise<number> {
  const spent = await Promise.all(
    [...incidents].map((id) => budgets.spent(`model-cost/${id}`, costDays * 86_400_000)),
  );
  return spent.reduce((sum, each) => sum + each, 0) / 1e6;
}

function jsonOf({ rows, feedback }: AutonomyReport, costs: readonly number[]): string {
  const shown = rows.map(({ incidents, ...row }, index) => ({
    ...row,
    incidents: incidents.size,
    costLastSevenDays: costs[index],
    evidence: weighAutonomy({ ...row, incidents }),
  }));
  return `${JSON.stringify({ rows: shown, feedback }, null, 2)}\n`;
}

const head = [
  "tool",
  "stage",
  "drafts",
  "approved",
  "rejected",
  "expired",
  "superseded",
  "denied",
  "fallback",
  "shown",
  "edited",
  "applied",
  "failed",
  "helped",
  "no effect",
  "worse",
  "undone",
  "late",
  "alone",
  "standing",
  "approval p50",
  "write p50",
  "cost 7d",
];

function textOf({ rows, feedback }: AutonomyReport, costs: readonly number[], since: string): string {
  const cells = rows.map((row, index) => [
    row.tool,
    row.stage,
    ...[row.proposals, row.approved, row.rejected, row.expired, row.superseded, row.denied].map(String),
    ...[row.fallbacks, row.constrained, row.corrections, row.applied, row.failed].map(String),
    String(row.verdicts.recovered + row.verdicts.improved),
    ...[row.verdicts.no_effect, row.verdicts.worse, row.reverts, row.missedTimes].map(String),
    ...[row.emergencies, row.standingUses].map(String),
    seconds(row.approvalMs),
    seconds(row.executionMs),
    (costs[index] ?? 0).toFixed(4),
  ]);
  const evidence = rows.map((row) => {
    const { speaksFor, because } = weighAutonomy(row);
    return `${row.tool} in ${row.stage}: speaks for ${speaksFor} (${because.join("; ")})`;
  });
  return [
    ...(rows.length === 0 ? [`Nothing was drafted in the last ${since}.`] : tableOf(head, cells)),
    "",
    ...evidence,
    ...(evidence.length === 0 ? [] : [""]),
    `Findings without a change: useful to ${feedback.useful}, not useful to ${feedback.notUseful}.`,
    "",
  ].join("\n");
}

function seconds(times: readonly number[]): string {
  if (times.length === 0) return "-";
  const sorted = times.toSorted((a, b) => a - b);
  return `${((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) / 1000).toFixed(1)} s`;
}

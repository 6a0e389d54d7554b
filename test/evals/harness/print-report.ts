import type { Score } from "./score.ts";
import { type Measure, measureNames, tally } from "./tally.ts";

const words: Record<(typeof measureNames)[number], string> = {
  passed: "all right",
  wrongFlag: "wrong flag, of recommendations",
  abstention: "abstained, where it should",
  recommendation: "recommended, where a flag is the cause",
  environment: "right environment",
  direction: "right direction",
  operation: "right operation",
  reverse: "reverse brings back",
  citations: "true citations",
  offered: "chose what was offered",
  cause: "cause named right",
  fellBack: "rules in a model's place",
};

/** The figures with their intervals, a table per class, and what went wrong. */
export function reportOf(title: string, scores: readonly Score[], prices: Prices | null): string {
  const all = tally(scores);
  const figures = measureNames.map((name) => [words[name], ...measureCells(all[name])]);
  return [
    `\n${title}: ${all.worlds} worlds`,
    table(["", "share", "count", "95 % interval"], figures),
    "",
    table(
      ["class", "worlds", "passed", "recommended", "wrong flag", "abstained rightly", "median ms"],
      [...Map.groupBy(scores, (score) => score.class)]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, of]) => classRow(name, of)),
    ),
    "",
    `time of gathering and drafting: median ${all.medianMs.toFixed(1)} ms, p95 ${all.p95Ms.toFixed(1)} ms`,
    `tokens: ${all.inputTokens} in, ${all.outputTokens} out${costWords(all, prices)}`,
    ...failures(scores),
  ].join("\n");
}

/** Per million tokens. */
export interface Prices {
  input: number;
  output: number;
}

function costWords(
  { inputTokens, outputTokens, worlds }: ReturnType<typeof tally>,
  prices: Prices | null,
): string {
  if (prices === null) return "";
  const cost = (inputTokens * prices.input + outputTokens * prices.output) / 1e6;
  return `; cost ${cost.toFixed(4)}, ${(cost / worlds).toFixed(5)} a world`;
}

function classRow(name: string, scores: readonly Score[]): string[] {
  const { passed, wrongFlag, recommendation, abstention, medianMs } = tally(scores);
  return [
    name,
    String(scores.length),
    countOf(passed),
    countOf(recommendation),
    countOf(wrongFlag),
    countOf(abstention),
    medianMs.toFixed(1),
  ];
}

function failures(scores: readonly Score[]): string[] {
  const failed = scores.filter(({ passed }) => !passed);
  if (failed.length === 0) return [];
  const lines = failed.slice(0, 40).map(({ name, class: kind, wanted, recommended, said, ...score }) => {
    const wrong = (
      ["flag", "environment", "direction", "operation", "reverse", "citations", "offered"] as const
    )
      .filter((fact) => score[fact] === false)
      .map((fact) => `wrong ${fact}`);
    const what = recommended === null ? "nothing recommended" : `recommended ${recommended}`;
    return `  ${name} (${kind}): ${[`${wanted} was right`, what, ...wrong].join(", ")}. ${said.slice(0, 160)}`;
  });
  return ["", "not passed:", ...lines, ...(failed.length > 40 ? [`  … and ${failed.length - 40} more`] : [])];
}

function measureCells(measure: Measure): string[] {
  const { share, low, high } = measure;
  if (share === null) return ["–", "0 of 0", ""];
  return [percent(share), countOf(measure), `${percent(low)} – ${percent(high)}`];
}

function countOf({ hits, of }: Measure): string {
  return of === 0 ? "–" : `${hits} of ${of}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

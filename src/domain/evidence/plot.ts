import { type Instant, toInstant } from "../ids.ts";
import { type Evidence, type EvidenceOf, itemsOf } from "./evidence.ts";
import { figuresWords, timeWords } from "./evidence-words.ts";

/** One line of a plot. */
export interface PlotSeries {
  /** What tells it from the others, such as a variation; empty where there is but one line. */
  name: string;
  /** [epoch milliseconds, value], ascending. */
  points: readonly (readonly [number, number])[];
}

/** A moment that the plot points out. */
export interface PlotMark {
  at: Instant;
  /** The evidence that says so; empty for the onset. */
  id: string;
  label: string;
  kind: "flag_change" | "deploy" | "onset";
}

/** A metric over time with what changed meanwhile. All texts come from outside and are cleaned already. */
export interface Plot {
  title: string;
  unit: string;
  from: Instant;
  to: Instant;
  series: PlotSeries[];
  marks: PlotMark[];
  /** Level before the onset; null where there was none. */
  before: number | null;
  /** The numbers in words, for whoever cannot see the picture. */
  altText: string;
}

const mostSeries = 5;
const mostMarks = 4;
const longestAltText = 1900;

type Metric = EvidenceOf<"metric">;

/**
 * The plot of the metric `queryId`, one line a variation where its series are told apart by one; null where it has
 * fewer than three points.
 */
export function plotOf(evidence: Evidence, queryId: string): Plot | null {
  const all = itemsOf(evidence, "metric").filter((metric) => metric.queryId === queryId);
  const drawn = all.filter(({ points }) => points.length >= 3).slice(0, mostSeries);
  const [first] = drawn;
  if (first === undefined) return null;
  const times = drawn.flatMap(({ points }) => points.map(([at]) => at));
  const span = { from: Math.min(...times), to: Math.max(...times) };
  const onset = drawn.find(({ onsetAt }) => onsetAt !== null)?.onsetAt ?? null;
  const marks = marksOf(evidence, span, onset);
  return {
    title: titleOf(first),
    unit: first.unit,
    from: toInstant(span.from),
    to: toInstant(span.to),
    series: drawn.map((metric) => ({
      name: drawn.length > 1 ? nameOf(metric) : "",
      points: metric.points,
    })),
    marks,
    before: first.before.mean,
    altText: altTextOf(drawn, marks),
  };
}

/** The title of a series that is one of several names its labels; those stand at the lines. */
function titleOf({ title, labels }: Metric): string {
  const cut = Object.keys(labels).length === 0 ? -1 : title.indexOf(" {");
  return cut === -1 ? title : title.slice(0, cut);
}

function nameOf({ cohort, labels, id }: Metric): string {
  return (cohort?.variation ?? Object.values(labels).join(", ")) || id;
}

function marksOf(
  evidence: Evidence,
  { from, to }: { from: number; to: number },
  onset: Instant | null,
): PlotMark[] {
  const changes = evidence.items.flatMap((item): PlotMark[] => {
    if (item.kind === "flag_change") {
      return [{ at: item.at, id: item.id, label: `${item.id} ${item.ref.key}`, kind: "flag_change" }];
    }
    if (item.kind === "deploy") {
      return [{ at: item.at, id: item.id, label: `${item.id} ${item.version}`, kind: "deploy" }];
    }
    return [];
  });
  const seen = changes.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) <= to).slice(0, mostMarks);
  if (onset !== null) seen.push({ at: onset, id: "", label: "worse from here", kind: "onset" });
  return seen.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function altTextOf(drawn: readonly Metric[], marks: readonly PlotMark[]): string {
  const lines = drawn.map(({ title, before, after, unit }) => {
    return `${title}: before ${figuresWords(before, unit)}; after ${figuresWords(after, unit)}.`;
  });
  const moments = marks.map(({ label, at }) => `${label} at ${timeWords(at)}.`);
  const text = ["Line plot.", ...lines, ...moments].join(" ");
  return text.length <= longestAltText ? text : `${text.slice(0, longestAltText - 1)}…`;
}

import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import type { EvidenceId } from "../../domain/evidence/evidence-id.ts";
import type { Instant } from "../../domain/ids.ts";
import { badnessOf, ceilingOf, isWorse } from "./compare-series.ts";
import { median } from "./robust-statistics.ts";

type Metric = EvidenceOf<"metric">;

/** What series per variation say about a change: does the variation that more users get fare worse than the rest? */
export interface CohortFinding {
  verdict: "confirms" | "contradicts" | "silent";
  citations: EvidenceId[];
}

/** How services and OpenTelemetry call the label, and the one that names the flag. */
const variationLabels = [
  "variation",
  "variant",
  "flag_variation",
  "feature_flag_variant",
  "feature_flag_result_variant",
];
const flagLabels = ["flag", "flag_key", "feature_flag", "feature_flag_key"];

/** The variation a series is about, and its flag where a label says so. */
export function variationIn(
  labels: Readonly<Record<string, string>>,
): { variation: string; flagKey: string | null } | null {
  const name = variationLabels.find((label) => Object.hasOwn(labels, label));
  const variation = name === undefined ? undefined : labels[name];
  if (variation === undefined) return null;
  const flagLabel = flagLabels.find((label) => Object.hasOwn(labels, label));
  return { variation, flagKey: flagLabel === undefined ? null : (labels[flagLabel] ?? null) };
}

/**
 * Compares the cohort of the gained variations with the others, query by query. Where both were measured before
 * the change, only what the gap has grown by counts: a variation that always was slower is no news. One query that
 * confirms is enough; others may be about something the variation does not touch.
 */
export function compareCohorts(
  change: EvidenceOf<"flag_change">,
  onset: Instant,
  evidence: Evidence,
): CohortFinding {
  const byQuery = Map.groupBy(
    itemsOf(evidence, "metric").filter(({ labels }) => {
      const found = variationIn(labels);
      return found !== null && (found.flagKey === null || found.flagKey === change.ref.key);
    }),
    ({ queryId }) => queryId,
  );
  const findings = [...byQuery.values()].map((series) => cohortsOf(series, change, onset));
  const confirming = findings.filter(({ verdict }) => verdict === "confirms");
  const contradicting = findings.filter(({ verdict }) => verdict === "contradicts");
  const telling = confirming.length > 0 ? confirming : contradicting;
  return {
    verdict: telling[0]?.verdict ?? "silent",
    citations: telling.flatMap(({ citations }) => citations),
  };
}

function cohortsOf(
  series: readonly Metric[],
  change: EvidenceOf<"flag_change">,
  onset: Instant,
): CohortFinding {
  const isGained = ({ labels }: Metric) =>
    change.gainedNames.includes(variationIn(labels)?.variation ?? "") && change.gainedNames.length > 0;
  const gained = series.filter(isGained);
  const others = series.filter((one) => !isGained(one));
  const [changedAt, onsetAt] = [Date.parse(change.at), Date.parse(onset)];
  const now = { gained: level(gained, onsetAt, Infinity), others: level(others, onsetAt, Infinity) };
  if (now.gained === null || now.others === null) return { verdict: "silent", citations: [] };
  const then = { gained: level(gained, -Infinity, changedAt), others: level(others, -Infinity, changedAt) };
  const citations = series.map(({ id }) => id);
  // When the others got worse as well, something else is the matter, whatever the gained variation does.
  if (then.others !== null && isWorse(now.others, then.others)) return { verdict: "contradicts", citations };
  const expected =
    then.gained === null || then.others === null ? now.others : now.others + then.gained - then.others;
  return { verdict: isWorse(now.gained, expected) ? "confirms" : "contradicts", citations };
}

/** Median badness over the series' points in [from, to), epoch ms; null with fewer than three points. */
function level(series: readonly Metric[], from: number, to: number): number | null {
  const values = series.flatMap(({ points, badDirection, unit }) =>
    points
      .filter(([at]) => at >= from && at < to)
      .map(([, value]) => badnessOf(value, { badDirection, ceiling: ceilingOf(unit) })),
  );
  return values.length < 3 ? null : median(values);
}

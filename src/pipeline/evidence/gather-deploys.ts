import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import type { DeployFinding } from "./describe-outside-change.ts";
import { stepFor } from "./gather-metrics.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/**
 * Versions that came into place within the window, oldest first: a version that is there from the beginning
 * is no deploy, one that comes back after an absence (a rollback) is. Series of one version (its instances)
 * count together. Series without a `version` label say nothing.
 */
export async function gatherDeploys(
  telemetry: Telemetry,
  deployQuery: string,
  from: Instant,
  to: Instant,
): Promise<DeployFinding[]> {
  const stepMs = stepFor(from, to);
  const series = await telemetry.range(deployQuery, from, to, stepMs);
  const seenAt = new Map<string, number[]>();
  for (const { labels, points } of series) {
    const version = labels["version"];
    if (version === undefined || version === "") continue;
    // A gauge of 0 says that this version is not in place.
    const times = points.filter(([, value]) => value > 0).map(([at]) => at);
    seenAt.set(version, [...(seenAt.get(version) ?? []), ...times]);
  }
  const patienceMs = 2 * stepMs + 60_000;
  const all = [...seenAt.values()].flat();
  const begin = all.reduce((earliest, at) => Math.min(earliest, at), Infinity);
  return [...seenAt]
    .flatMap(([version, times]) => startsOf(times, begin, patienceMs).map((at) => ({ version, at })))
    .toSorted((a, b) => a.at - b.at)
    .map(({ version, at }) => deployOf(version, toInstant(at)));
}

/** Where a version's samples begin, or begin again; not where all samples begin (it was there before). */
function startsOf(times: readonly number[], begin: number, patienceMs: number): number[] {
  return times
    .toSorted((a, b) => a - b)
    .filter((at, index, sorted) => {
      const previous = index === 0 ? begin : (sorted[index - 1] ?? begin);
      return index === 0 ? at > begin : at - previous > patienceMs;
    });
}

function deployOf(version: string, at: Instant): DeployFinding {
  const name = outsideText(version, 80);
  return {
    kind: "deploy",
    title: `Version ${name} came into place at ${timeWords(at)}`,
    text: [`First seen at ${timeWords(at)}.`],
    at,
    version: name,
    source: "metrics",
    author: "",
    state: "succeeded",
    url: null,
  };
}

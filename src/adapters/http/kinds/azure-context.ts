import type { Alert } from "../../../domain/alert.ts";
import { limits, toText } from "./normalise.ts";
import { entriesOf, membersOf, tagsOf } from "./peek.ts";

export type Members = Readonly<Record<string, unknown>>;

/** https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview: 0 critical … 4 verbose. */
const severities: Readonly<Record<string, string>> = {
  "0": "critical",
  "1": "error",
  "2": "warning",
  "3": "info",
  "4": "info",
};

/** `Sev2`, `2` or 2 as a word of ours; other words as they are. */
export function severityWord(value: unknown): string {
  const word = toText(value, 30);
  return severities[word.replace(/^sev(?:erity)?[\s_-]*/i, "")] ?? word;
}

/** The last part of a resource's path; a name that is no path as it is. */
export function lastPart(value: unknown): string {
  const path = toText(value, 1000);
  return path.startsWith("/") ? toText(unescaped(path.split("/").at(-1) ?? ""), limits.title) : path;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A text for a line, of a text that is HTML. */
export function withoutTags(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value
    .slice(0, 20_000)
    .replaceAll(/<[^<>]{0,1000}>/g, " ")
    .replaceAll("&nbsp;", " ");
}

/** Where news about the health of a service or resource says that it is over; null where it says nothing. */
export function activityStatusOf(context: Members, properties: Members): Alert["status"] | null {
  const stage = toText(properties["stage"], 50) || toText(context["status"], 50);
  if (/^(resolved|rca|complete|canceled|cancelled)$/i.test(stage)) return "resolved";
  const health = toText(properties["currentHealthStatus"], 50);
  if (health !== "") return /^available$/i.test(health) ? "resolved" : "firing";
  return stage === "" ? null : "firing";
}

interface Conditions {
  texts: string[];
  dimensions: Record<string, unknown>;
  links: unknown[];
}

/** What was measured: `condition.allOf` of metric and log alerts, or the members of older log alerts themselves. */
export function conditionsIn(context: Members): Conditions {
  const condition = membersOf(context["condition"]);
  const found: Conditions = { texts: [], dimensions: Object.create(null), links: [] };
  const all = condition["allOf"] ?? (Object.keys(condition).length === 0 ? [context] : [condition]);
  for (const one of entriesOf(all).slice(0, 20)) {
    const part = membersOf(one);
    found.texts.push(textOf(part, toText(condition["windowSize"], 20)));
    for (const [name, text] of Object.entries(tagsOf(part["dimensions"] ?? part["Dimensions"]))) {
      found.dimensions[name] ??= text;
    }
    found.dimensions["metric"] ??= part["metricName"];
    found.links.push(
      part["linkToFilteredSearchResultsUI"] ?? part["LinkToFilteredSearchResultsUI"],
      part["linkToSearchResultsUI"] ?? part["LinkToSearchResults"],
    );
  }
  return found;
}

/** "Average Percentage CPU GreaterThan 25 over PT5M: 31.1". */
function textOf(part: Members, windowSize: string): string {
  const measured = [
    part["metricName"],
    part["webTestName"],
    part["metricMeasureColumn"],
    part["searchQuery"] ?? part["SearchQuery"],
  ].map((text) => toText(text, 500));
  const what = measured.find((text) => text !== "") ?? "";
  if (what === "") return "";
  const operator = toText(part["operator"] ?? part["Operator"] ?? part["AlertThresholdOperator"], 50);
  const threshold = toText(part["threshold"] ?? part["Threshold"] ?? part["AlertThresholdValue"], 50);
  const value = toText(part["metricValue"] ?? part["ResultCount"], 50);
  const aggregation = toText(part["timeAggregation"], 50);
  const words = [aggregation, what, operator, threshold, windowSize === "" ? "" : `over ${windowSize}`];
  const sentence = words.filter((word) => word !== "").join(" ");
  return value === "" ? sentence : `${sentence}: ${value}`;
}

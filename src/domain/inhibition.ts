import { z } from "zod";
import { type Alert, Severity } from "./alert.ts";

/** Which alerts a side of a rule is about: those of this severity that have all of these labels. */
const AlertMatch = z
  .strictObject({
    severity: Severity.optional().describe("Alerts of this severity."),
    match: z.record(z.string().min(1), z.string()).default({}).describe("Labels that must be equal."),
  })
  .refine(({ severity, match }) => severity !== undefined || Object.keys(match).length > 0, {
    message: "a severity or at least one label under match; an empty side would be about every alert",
  });
type AlertMatch = z.infer<typeof AlertMatch>;

/**
 * While an alert of `when` fires, alerts of `silences` with equal values of the labels `equal` do not open incidents
 * of their own: they join its incident. A label that both lack counts as equal.
 */
export const Inhibition = z.strictObject({
  when: AlertMatch.describe("While an alert of this kind fires …"),
  silences: AlertMatch.describe("… alerts of this kind open no incident of their own and join its incident."),
  equal: z
    .array(z.string().min(1).max(200))
    .max(20)
    .default([])
    .describe("Labels whose values must be the same on both sides; one that both lack counts as equal."),
});
export type Inhibition = z.infer<typeof Inhibition>;

/** True where some rule could silence the alert, whatever else fires. */
export function isSilenceable(alert: Alert, rules: readonly Inhibition[]): boolean {
  return rules.some((rule) => fits(rule.silences, alert));
}

/**
 * True where `other`, while it fires, silences `alert`. An alert that is on both sides of a rule is not silenced by
 * another one that is on both: each would silence the other, and nobody would hear of either.
 */
export function silences(other: Alert, alert: Alert, rules: readonly Inhibition[]): boolean {
  if (other.sourceId === alert.sourceId && other.fingerprint === alert.fingerprint) return false;
  return rules.some(
    ({ when, silences: silenced, equal }) =>
      fits(when, other) &&
      fits(silenced, alert) &&
      !(fits(when, alert) && fits(silenced, other)) &&
      equal.every((label) => labelOf(other, label) === labelOf(alert, label)),
  );
}

function fits({ severity, match }: AlertMatch, alert: Alert): boolean {
  if (severity !== undefined && severity !== alert.severity) return false;
  return Object.entries(match).every(([label, value]) => labelOf(alert, label) === value);
}

/** A label is anybody's text: it may be called like a property that every object has. */
function labelOf({ labels }: Alert, label: string): string {
  return Object.hasOwn(labels, label) ? (labels[label] ?? "") : "";
}

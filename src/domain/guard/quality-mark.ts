import { z } from "zod";
import { ChangeEvent } from "../change/events.ts";
import { Instant } from "../ids.ts";
import { IncidentEvent } from "../incident/events.ts";
import type { LedgerEntry } from "../ledger/chain.ts";

/** What people, or a measurement, made of one of Signalman's own drafts. */
export const QualityMark = z.strictObject({
  service: z.string(),
  at: Instant,
  /** Of the same subject and measure only the last one counts. */
  subject: z.string(),
  measure: z.enum(["rejected", "without_effect", "reverted", "not_useful"]),
  /** Null: it could not be told. */
  bad: z.boolean().nullable(),
});
export type QualityMark = z.infer<typeof QualityMark>;

/** Events that say something about the quality of drafts. */
export const qualityEvents = [
  "change_approved",
  "change_rejected",
  "change_verified",
  "change_closed",
  "feedback_given",
] as const;

/** What an event says of the quality of drafts for this service; null: nothing. */
export function qualityMarkOf(
  { stream, type, at, data }: Pick<LedgerEntry, "stream" | "type" | "at" | "data">,
  service: string,
): QualityMark | null {
  const whole = { ...data, type, at };
  const mark = { service, at, subject: stream };
  if (type === "feedback_given") {
    const event = IncidentEvent.parse(whole);
    if (event.type !== "feedback_given") return null;
    return { ...mark, subject: `${stream} ${event.userId}`, measure: "not_useful", bad: !event.useful };
  }
  const event = ChangeEvent.parse(whole);
  switch (event.type) {
    case "change_approved":
      return { ...mark, measure: "rejected", bad: false };
    case "change_rejected":
      return { ...mark, measure: "rejected", bad: true };
    case "change_verified": {
      const { verdict } = event.verification;
      const bad = verdict === "no_data" ? null : verdict === "no_effect" || verdict === "worse";
      return { ...mark, measure: "without_effect", bad };
    }
    case "change_closed":
      return { ...mark, measure: "reverted", bad: event.resolution === "roll_back" };
    default:
      return null;
  }
}

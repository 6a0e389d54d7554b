import { z } from "zod";
import { Instant } from "../ids.ts";
import type { IncidentState } from "./incident.ts";

/** One person's answer to the question whether findings that led to no change were of use. */
export const Feedback = z.strictObject({
  userId: z.string(),
  name: z.string(),
  useful: z.boolean(),
  at: Instant,
  /** When the findings were recorded that it is about: those of a later look are judged anew. */
  about: Instant,
});
export type Feedback = z.infer<typeof Feedback>;

export interface FeedbackCount {
  useful: number;
  notUseful: number;
}

/** Of one incident; beyond that the oldest are forgotten here, while the ledger has them all. */
const mostKept = 200;

/** True where it was looked at and nothing was drafted: what people are asked about. */
export function hasFindingsWithoutChange({
  assessment,
  noChange,
  withheld,
}: Pick<IncidentState, "assessment" | "noChange" | "withheld">): boolean {
  return assessment !== null && (noChange !== null || withheld !== null);
}

/** The answers to the findings as they stand now. */
export function answersTo({
  feedback,
  investigatedAt,
}: Pick<IncidentState, "feedback" | "investigatedAt">): Feedback[] {
  return feedback.filter(({ about }) => about === investigatedAt);
}

export function withAnswer(given: readonly Feedback[], answer: Feedback): Feedback[] {
  const others = given.filter(({ userId, about }) => userId !== answer.userId || about !== answer.about);
  return [...others, answer].slice(-mostKept);
}

/** How many people found it useful, and how many did not, by their last answers. */
export function countFeedback(given: readonly Feedback[]): FeedbackCount {
  const useful = given.filter((answer) => answer.useful).length;
  return { useful, notUseful: given.length - useful };
}

import { z } from "zod";
import { Duration, durationMs } from "./policy/governance-contract.ts";

/** Like a `Duration`, or none at all; at most an hour, for people wait for the card. */
const Pause = z
  .string()
  .regex(/^(0s|[1-9][0-9]{0,4}(s|m|h))$/, { error: "a duration such as 30s, or 0s", abort: true })
  .refine((text) => durationMs(text) <= 3_600_000, "at most 1h");

/** Which alerts become one incident, and how fast its card follows. Words as Alertmanager's users know them. */
export const Grouping = z.strictObject({
  by: z
    .array(z.string().min(1).max(200))
    .max(10)
    .default([])
    .describe(
      "Labels whose values tell incidents of one service (or, without a service, of one source) apart. Empty: one incident a service and environment, or what the source itself says belongs together.",
    ),
  wait: Pause.default("0s").describe("How long the first alert waits for company before its card is posted."),
  interval: Pause.default("15s").describe(
    "How often at most a card is rewritten only because more alerts of the same kind joined.",
  ),
  window: Duration.optional().describe(
    "A resolved incident that fires again within this is the same; absent: `timing.reopenWithin`.",
  ),
});
export type Grouping = z.infer<typeof Grouping>;

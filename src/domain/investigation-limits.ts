import { z } from "zod";

/** How far a model may look around for one incident before it concludes. */
export const InvestigationLimits = z.strictObject({
  calls: z.int().min(1).max(50).default(6).describe("Calls of read tools, refused ones included."),
  rounds: z
    .int()
    .min(1)
    .max(20)
    .default(4)
    .describe("Requests to the model before the one in which it concludes."),
});
export type InvestigationLimits = z.infer<typeof InvestigationLimits>;

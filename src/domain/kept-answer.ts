import { z } from "zod";
import { EvidenceItem } from "./evidence/evidence.ts";
import { Assessment, Candidate } from "./assessment.ts";

/**
 * What assessing one look at the world gave, as it is kept until the commit: a retry must not ask the model, nor pay,
 * again.
 */
export const KeptAnswer = z.strictObject({
  assessment: Assessment,
  candidates: z.array(Candidate),
  /** What the model had looked up beyond the evidence that was gathered. */
  added: z.array(EvidenceItem).default([]),
  transcriptBodyId: z.string().nullable(),
});
export type KeptAnswer = z.infer<typeof KeptAnswer>;

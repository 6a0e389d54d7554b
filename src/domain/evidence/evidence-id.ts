import { z } from "zod";

/** `E1`, `E2` …: how claims cite evidence. */
export const EvidenceId = z.string().regex(/^E[1-9][0-9]{0,3}$/);
export type EvidenceId = z.infer<typeof EvidenceId>;

/** `G1`, `G2` …: how claims cite a gap, by its place among the evidence's gaps. */
export function gapId(index: number): string {
  return `G${index + 1}`;
}

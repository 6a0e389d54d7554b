import { z } from "zod";
import { Instant } from "./ids.ts";

export const Severity = z.enum(["critical", "error", "warning", "info"]);
export type Severity = z.infer<typeof Severity>;

const rank: Record<Severity, number> = { critical: 3, error: 2, warning: 1, info: 0 };

export function severer(a: Severity, b: Severity): boolean {
  return rank[a] > rank[b];
}

export function worse(a: Severity, b: Severity): Severity {
  return rank[a] >= rank[b] ? a : b;
}

/**
 * One notification of one source, normalised. All texts are untrusted: length-capped and free of control
 * characters, but never instructions, links or markup. `fingerprint` tells the alerts of one source apart.
 */
export const Alert = z.strictObject({
  sourceId: z.string().min(1),
  fingerprint: z.string().min(1).max(256),
  status: z.enum(["firing", "resolved"]),
  title: z.string().min(1).max(300),
  summary: z.string().max(3000),
  severity: Severity,
  startedAt: Instant,
  endedAt: Instant.nullable(),
  labels: z.record(z.string(), z.string()),
  links: z.array(z.string()).max(10),
  /** What the source says belongs together; the grouping adds source and service. */
  groupHint: z.string().max(512).nullable(),
});
export type Alert = z.infer<typeof Alert>;

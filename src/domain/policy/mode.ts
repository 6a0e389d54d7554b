import { z } from "zod";

/** How much an agent may do here and now, in rising order of authority. */
export const Mode = z.enum(["off", "observe", "fallback", "search_only", "draft_write", "approval_required"]);
export type Mode = z.infer<typeof Mode>;

export function authority(mode: Mode): number {
  return Mode.options.indexOf(mode);
}

export function lowestMode(first: Mode, ...rest: Mode[]): Mode {
  return rest.reduce((lowest, mode) => (authority(mode) < authority(lowest) ? mode : lowest), first);
}

/** What each mode lets happen, row by row the table of docs/architecture.md. */
export interface ModePowers {
  gathersEvidence: boolean;
  /** Which drafters may speak; `rules` excludes the model. */
  drafter: "none" | "rules" | "model_else_rules";
  postsCard: boolean;
  showsCandidate: boolean;
  takesApproval: boolean;
}

export const powersOf: Record<Mode, ModePowers> = {
  off: powers(false, "none", false, false, false),
  observe: powers(true, "model_else_rules", false, false, false),
  fallback: powers(true, "rules", true, false, false),
  search_only: powers(true, "model_else_rules", true, false, false),
  draft_write: powers(true, "model_else_rules", true, true, false),
  approval_required: powers(true, "model_else_rules", true, true, true),
};

function powers(
  gathersEvidence: boolean,
  drafter: ModePowers["drafter"],
  postsCard: boolean,
  showsCandidate: boolean,
  takesApproval: boolean,
): ModePowers {
  return { gathersEvidence, drafter, postsCard, showsCandidate, takesApproval };
}

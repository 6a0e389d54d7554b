import type { EvidenceGap, EvidenceItem, EvidenceOf } from "../../domain/evidence/evidence.ts";
import type { Unnumbered } from "./describe-flag-change.ts";

/** An item before it has its number. */
export type Item = { [Kind in EvidenceItem["kind"]]: Unnumbered<EvidenceOf<Kind>> }[EvidenceItem["kind"]];

/** What one source gave, and what it could not. */
export interface Found {
  items: Item[];
  gaps: EvidenceGap[];
}

import { z } from "zod";
import type { ChangeState } from "../../domain/change/change.ts";
import { ChangeId, IncidentId, StandingId } from "../../domain/ids.ts";

/**
 * What a button carries: ids, version and digest, never state. `v1|CHG-…|2|sha256:…` for a change,
 * `v1|INC-…` for an incident, `v1|STA-…` for a standing approval, `v1|scope|checkout` for what a service may. It is compared with the ledger at every click.
 */
const ChangeValue = z.strictObject({
  kind: z.literal("change"),
  changeId: ChangeId,
  version: z.coerce.number().int().positive(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});
export type ChangeValue = z.infer<typeof ChangeValue>;

const IncidentValue = z.strictObject({ kind: z.literal("incident"), incidentId: IncidentId });
export type IncidentValue = z.infer<typeof IncidentValue>;

const ScopeValue = z.strictObject({ kind: z.literal("scope"), scope: z.string().min(1).max(64) });
export type ScopeValue = z.infer<typeof ScopeValue>;

const StandingValue = z.strictObject({ kind: z.literal("standing"), standingId: StandingId });
export type StandingValue = z.infer<typeof StandingValue>;

export type ButtonValue = ChangeValue | IncidentValue | ScopeValue | StandingValue;

export function changeValue(change: ChangeState): string {
  return `v1|${change.id}|${change.version}|${change.proposal.digest}`;
}

export function incidentValue(id: IncidentId): string {
  return `v1|${id}`;
}

/** `scope`: a service's name, or `*`. */
export function scopeValue(scope: string): string {
  return `v1|scope|${scope}`;
}

export function standingValue(id: StandingId): string {
  return `v1|${id}`;
}

/** Null for anything that we did not write like that. */
export function parseButtonValue(text: string): ButtonValue | null {
  const [format, id, version, digest, ...rest] = text.split("|");
  if (format !== "v1" || rest.length > 0) return null;
  if (version === undefined) {
    return (
      IncidentValue.safeParse({ kind: "incident", incidentId: id }).data ??
      StandingValue.safeParse({ kind: "standing", standingId: id }).data ??
      null
    );
  }
  if (id === "scope" && digest === undefined) {
    return ScopeValue.safeParse({ kind: "scope", scope: version }).data ?? null;
  }
  if (!/^[1-9][0-9]{0,8}$/.test(version)) return null;
  return ChangeValue.safeParse({ kind: "change", changeId: id, version, digest }).data ?? null;
}

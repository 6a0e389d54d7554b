import { z } from "zod";
import type { ChangeState } from "../../domain/change/change.ts";
import { ChangeId, IncidentId } from "../../domain/ids.ts";

/**
 * What a button carries: ids, version and digest, never state. `v1|CHG-…|2|sha256:…` for a change,
 * `v1|INC-…` for an incident. It is compared with the ledger at every click.
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

export function changeValue(change: ChangeState): string {
  return `v1|${change.id}|${change.version}|${change.proposal.digest}`;
}

export function incidentValue(id: IncidentId): string {
  return `v1|${id}`;
}

/** Null for anything that we did not write like that. */
export function parseButtonValue(text: string): ChangeValue | IncidentValue | null {
  const [format, id, version, digest, ...rest] = text.split("|");
  if (format !== "v1" || rest.length > 0) return null;
  if (version === undefined) {
    return IncidentValue.safeParse({ kind: "incident", incidentId: id }).data ?? null;
  }
  if (!/^[1-9][0-9]{0,8}$/.test(version)) return null;
  return ChangeValue.safeParse({ kind: "change", changeId: id, version, digest }).data ?? null;
}

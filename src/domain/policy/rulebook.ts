import type { Guardrails } from "../guard/guardrails.ts";
import { contentHash } from "../ledger/chain.ts";
import type { GovernanceContract } from "./governance-contract.ts";
import type { Roles } from "./roles.ts";

/** The reviewed files of `governance/`, parsed: one contract per tool, and who holds which role. */
export interface Rulebook {
  contracts: ReadonlyMap<string, GovernanceContract>;
  roles: Roles;
  guardrails: Guardrails;
}

/** The two hashes that a change's digest covers: of the parsed contract of its tool, and of the parsed roles. */
export function governingHashes(
  rulebook: Rulebook,
  tool: string,
): { contractHash: string; rolesHash: string } {
  return {
    contractHash: contentHash(rulebook.contracts.get(tool) ?? null),
    rolesHash: contentHash(rulebook.roles),
  };
}

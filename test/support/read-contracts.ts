import type { GovernanceContract } from "../../src/domain/policy/governance-contract.ts";
import type { Rulebook } from "../../src/domain/policy/rulebook.ts";
import { type ReadTool, ReadTool as ReadTools } from "../../src/domain/policy/tool-name.ts";
import { contractWith, exampleRoles, noGuardrails } from "./policy-fixtures.ts";

/** A contract as the shipped ones of read tools are. */
export function readContract(tool: ReadTool, over: Partial<GovernanceContract> = {}): GovernanceContract {
  return contractWith({
    tool,
    workflow: "any",
    riskClass: "scoped_read",
    defaultMode: "search_only",
    allowedModes: ["off", "observe", "fallback", "search_only"],
    ...over,
  });
}

/** Every read tool with its contract; `over` changes or (null) takes away those of some. */
export function readingRulebook(
  over: Partial<Record<ReadTool, Partial<GovernanceContract> | null>> = {},
): Rulebook {
  const contracts = ReadTools.options.flatMap((tool): [string, GovernanceContract][] => {
    const changed = over[tool];
    return changed === null ? [] : [[tool, readContract(tool, changed ?? {})]];
  });
  return { contracts: new Map(contracts), roles: exampleRoles, guardrails: noGuardrails };
}

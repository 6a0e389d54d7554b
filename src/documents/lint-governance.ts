import type { z } from "zod";
import { ConfigError } from "../domain/config-error.ts";
import { GovernanceContract } from "../domain/policy/governance-contract.ts";
import { readinessOf, type ReadinessPoint } from "../domain/policy/readiness.ts";
import { Roles } from "../domain/policy/roles.ts";
import { ToolName } from "../domain/policy/tool-name.ts";
import { unreachableApprovals, unreachableGrants } from "../domain/policy/unreachable-rules.ts";
import { loadGovernance } from "./load-governance.ts";
import { type FolderFile, readFolder } from "./read-folder.ts";
import { type ReadDocument, readYaml } from "./read-yaml.ts";

export interface GovernanceLint {
  /** Sentences that begin with the file's name and, where there is one, line and column. */
  findings: string[];
  /** Of every contract that can be read: the points of the checklist that it does not answer. */
  contracts: { tool: string; missing: ReadonlySet<ReadinessPoint> }[];
}

/** Everything that is wrong with a folder of governance files, and what is missing. Reads files and nothing else. */
export function lintGovernance(folder: string, today: string): GovernanceLint {
  try {
    loadGovernance(folder);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { findings: [...error.findings], contracts: [] };
  }
  const read = readFolder(folder, ".yml", "name a folder with governance contracts and roles.yml.");
  if (read.kind === "faulty") return { findings: read.findings, contracts: [] };
  const roles = readAs(read.files, "roles.yml", Roles);
  if (roles === null) throw new Error(`${folder} has no roles.yml although it was loaded`);
  const findings = unreachableGrants(roles.value).map(({ path, text }) => `${roles.placeOf(path)}: ${text}`);
  const contracts: GovernanceLint["contracts"] = [];
  for (const tool of ToolName.options) {
    const contract = readAs(read.files, `${tool}.yml`, GovernanceContract);
    if (contract === null) {
      findings.push(`${tool}.yml: the tool ${tool} has no contract, so it cannot be used; add the file.`);
      continue;
    }
    const lacking = readinessOf(contract.value, { roles: roles.value, today });
    const found = [...lacking, ...unreachableApprovals(contract.value, roles.value)];
    findings.push(...found.map(({ path, text }) => `${contract.placeOf(path)}: ${text}`));
    contracts.push({ tool, missing: new Set(lacking.map(({ point }) => point)) });
  }
  return { findings, contracts };
}

function readAs<S extends z.ZodType>(
  files: readonly FolderFile[],
  wanted: string,
  schema: S,
): ReadDocument<z.infer<S>> | null {
  const file = files.find(({ name }) => name === wanted);
  if (file === undefined) return null;
  const read = readYaml(file.text, { file: file.shown, schema });
  // It was loaded a moment ago.
  return read.kind === "faulty" ? null : read;
}

import { suggestion } from "../domain/closest-word.ts";
import { ConfigError } from "../domain/config-error.ts";
import type { Prompt } from "../domain/prompt.ts";
import type { Runbook } from "../domain/runbook.ts";
import type { Service } from "../domain/service.ts";
import { type Governance, loadGovernance } from "./load-governance.ts";
import { loadPrompts } from "./load-prompts.ts";
import { loadRunbooks } from "./load-runbooks.ts";

export interface Documents {
  governance: Governance;
  runbooks: Runbook[];
  prompts: Prompt[];
}

/** Loads all three folders and checks what the catalogue says of them. Throws `ConfigError` with all findings. */
export function loadDocuments(
  folders: { governance: string; runbooks: string; prompts: string },
  services: readonly Service[],
): Documents {
  const findings: string[] = [];
  const load = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      findings.push(...error.findings);
      return null;
    }
  };
  const governance = load(() => loadGovernance(folders.governance));
  const runbooks = load(() => loadRunbooks(folders.runbooks));
  const prompts = load(() => loadPrompts(folders.prompts));
  if (runbooks !== null) findings.push(...unknownRunbooks(services, runbooks));
  if (findings.length > 0 || governance === null || runbooks === null || prompts === null) {
    throw new ConfigError(findings);
  }
  return { governance, runbooks, prompts };
}

function unknownRunbooks(services: readonly Service[], runbooks: readonly Runbook[]): string[] {
  const known = runbooks.map(({ id }) => id);
  return services.flatMap((service) =>
    service.runbooks
      .filter((id) => !known.includes(id))
      .map(
        (id) =>
          `signalman.yml: the service "${service.name}" names the runbook "${id}", which is not in the runbooks folder; add ${id}.md or correct the name.${suggestion(id, known)}`,
      ),
  );
}

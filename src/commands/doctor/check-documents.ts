import { loadDocuments } from "../../documents/load-documents.ts";
import type { Config } from "../../config/load-config.ts";
import { ConfigError } from "../../domain/config-error.ts";
import { type Check, type Finding, problem, warning } from "./check.ts";

/** Everything in the governance folder, runbooks and prompts, and what the catalogue says of them. */
export const checkDocuments: Check = {
  name: "documents",
  run: async ({ config }) => ofLoaded(config),
};

function ofLoaded(config: Config): Finding[] {
  try {
    const { governance } = loadDocuments(config.documents, config.services);
    const deciding = Object.values(governance.roles.roles).filter(({ permit }) =>
      permit.some(({ actions }) => actions.includes("approve") || actions.includes("*")),
    );
    if (deciding.some(({ groups, users }) => groups.length + users.length > 0)) return [];
    return [
      warning(
        "governance/roles.yml lets nobody approve.",
        "Every change that is drafted will expire.",
        "Give a role with the action approve a Slack group or people.",
      ),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map((what) =>
      problem(what, "Signalman does not start with it.", "Correct the document at this line."),
    );
  }
}

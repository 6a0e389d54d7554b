import type { Requester } from "../people.ts";
import type { ActionContract } from "./action-contract.ts";
import type { Rulebook } from "./rulebook.ts";
import type { OfficeTool } from "./tool-name.ts";

export interface OfficeRequest {
  tool: OfficeTool;
  /** Follows it through logs and ledger. */
  request: string;
  requester: Requester;
  /** One line, made by code. */
  intent: string;
  /** What it concerns; what it does not concern is left out. */
  target: Partial<ActionContract["target"]>;
  /** True where afterwards somebody may do more than before. */
  raisesAuthority: boolean;
}

/** What each needs beside a contract: of our own ledger, or of Slack. */
const scopes: Record<OfficeTool, string> = {
  "slack.post_outside_incident_channel": "chat:write",
  "approval.grant_standing": "ledger:append",
  "mode.override": "ledger:append",
};

/** What is asked of policy for something that changes no flag. Without a contract the worst is taken. */
export function officeActionOf(asked: OfficeRequest, { contracts }: Rulebook): ActionContract {
  const { tool, request, requester, intent, target, raisesAuthority } = asked;
  const governance = contracts.get(tool);
  return {
    request,
    workflow: requester.kind === "person" ? "human-request" : "incident-response",
    session: "",
    account: "",
    actor: { agent: "", service: "signalman", requester },
    intent,
    tool,
    target: { project: "", environment: "", environmentId: "", key: "", service: "", tags: [], ...target },
    riskClass: governance?.riskClass ?? "irreversible",
    reversibility: governance?.reversibility ?? "none",
    scope: {
      maxMovedPercent: 0,
      targetsMoved: 0,
      segments: [],
      apiScopes: [scopes[tool]],
      raisesAuthority,
    },
    evidence: { confidence: null, citations: 0, gaps: 0, coverage: null, earlierReview: "" },
    fallback: governance?.rollback.safestMode ?? "off",
  };
}

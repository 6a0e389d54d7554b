import { UsageError } from "../../command.ts";
import { loadDatabase } from "../../config/load-config.ts";
import { processOrigin } from "../../config/process-origin.ts";
import { loadGovernance } from "../../documents/load-governance.ts";
import { suggestion } from "../../domain/closest-word.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { ChangeId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import type { Decision } from "../../domain/policy/decision.ts";
import { type LedgerDecision, readDecisions } from "../../domain/policy/recorded-decisions.ts";
import { replayDecision } from "../../domain/policy/replay.ts";
import { ToolName } from "../../domain/policy/tool-name.ts";
import { contractWords } from "./contract-words.ts";

export interface ExplainOptions {
  governance: string;
  environment?: string | undefined;
  json: boolean;
  config?: string | undefined;
}

/** Prints why: of a tool what its contract says, of a change what was decided about it and by which rule. */
export async function explainPolicy(subject: string, options: ExplainOptions): Promise<number> {
  const changeId = ChangeId.safeParse(subject.toUpperCase());
  if (changeId.success) return explainChange(changeId.data, options);
  const tool = ToolName.safeParse(subject);
  if (!tool.success) {
    throw new UsageError(
      `"${subject.slice(0, 60)}" is neither a tool nor a change (CHG-…).${suggestion(subject, ToolName.options)}`,
    );
  }
  const contract = loadGovernance(options.governance).contracts.get(tool.data);
  if (contract === undefined) {
    process.stderr.write(`${tool.data} has no contract in ${options.governance}, so it may not be used.\n`);
    return 1;
  }
  const text = options.json
    ? JSON.stringify(contract, null, 2)
    : contractWords(contract, options.environment).join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

async function explainChange(id: ChangeId, { governance, json, config }: ExplainOptions): Promise<number> {
  const rulebook = loadGovernance(governance);
  const database = loadDatabase(processOrigin(config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("../store/open-store.ts");
  await using opened = await openStore(database);
  const entries = await opened.store.ledger.events(streamOf("change", id));
  if (entries.length === 0) {
    process.stderr.write(`The ledger knows nothing of ${id}; check the id and which database is read.\n`);
    return 1;
  }
  const reader = readDecisions();
  const decisions = entries.flatMap((entry) => reader.take(entry));
  const explained = decisions.map((each) => ({ ...each, today: replayDecision(each, rulebook, {}) }));
  process.stdout.write(
    json
      ? `${JSON.stringify(explained, null, 2)}\n`
      : `${[headOf(id, decisions), ...explained.flatMap(linesOf)].join("\n")}\n`,
  );
  return 0;
}

function headOf(id: ChangeId, [first]: readonly LedgerDecision[]): string {
  if (first === undefined) return id;
  const { tool, target, intent, riskClass, reversibility } = first.action;
  return plainText(
    `${id}: ${tool} on ${target.key} in ${target.project}/${target.environment} (${riskClass}, reversible: ${reversibility}). ${intent}`,
    600,
  );
}

function linesOf({
  at,
  occasion,
  decision,
  approvals,
  today,
}: LedgerDecision & { today: Decision }): string[] {
  const said =
    approvals.length === 0
      ? "nobody yet"
      : approvals.map(({ userId, roles }) => `${userId} (${roles.join(", ")})`).join(", ");
  return [
    "",
    `${at}  at ${occasion}: ${decision.kind}, mode ${decision.mode}, by rule ${decision.rule}`,
    ...decision.reasons.map((reason) => `  because      ${plainText(reason, 600)}`),
    `  may ever     ${plainText(decision.hardAuthorization === "" ? "not recorded" : decision.hardAuthorization, 300)}`,
    ...decision.controls.map(
      ({ key, value, reason }) =>
        `  flag         ${key} = ${plainText(value, 120)} (${plainText(reason, 120)})`,
    ),
    ...decision.guardrails.map(
      (finding) =>
        `  guardrail    ${finding.guardrail}: ${finding.verdict}${"reason" in finding ? `, ${plainText(finding.reason, 300)}` : ""}`,
    ),
    ...("requirement" in decision
      ? [
          `  needs        ${decision.requirement.count} of ${decision.requirement.roles.join(" or ")}; approved by ${said}`,
        ]
      : []),
    `  rules        ${decision.policyHash}`,
    `  today        ${today.kind}, mode ${today.mode}, by rule ${today.rule}${today.policyHash === decision.policyHash ? " (the same rules)" : ""}`,
  ];
}

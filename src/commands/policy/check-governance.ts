import { UsageError } from "../../command.ts";
import { lintGovernance } from "../../documents/lint-governance.ts";
import { readinessPoints } from "../../domain/policy/readiness.ts";

export interface CheckOptions {
  governance: string;
  on?: string | undefined;
  json: boolean;
}

const columns: Record<(typeof readinessPoints)[number], string> = {
  owner: "owner",
  boundary: "bounds",
  server_side: "server",
  safe_default: "safe",
  approval: "approval",
  outcomes: "outcomes",
  audit: "audit",
  disable: "disable",
  rollout: "rollout",
  cleanup: "cleanup",
};

/** Prints the checklist and every finding; the exit code is 1 where there is any. */
export function checkGovernance({ governance, on, json }: CheckOptions): number {
  const today = on ?? new Date().toISOString().slice(0, 10);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(today) || Number.isNaN(Date.parse(today))) {
    throw new UsageError(`"${today.slice(0, 40)}" is no day; write it as 2027-01-31.`);
  }
  const { findings, contracts } = lintGovernance(governance, today);
  if (json) {
    const rows = contracts.map(({ tool, missing }) => ({ tool, missing: [...missing] }));
    process.stdout.write(`${JSON.stringify({ findings, contracts: rows }, null, 2)}\n`);
    return findings.length === 0 ? 0 : 1;
  }
  const width = Math.max(4, ...contracts.map(({ tool }) => tool.length));
  const head = ["tool".padEnd(width), ...readinessPoints.map((point) => columns[point])].join("  ");
  const rows = contracts.map(({ tool, missing }) =>
    [
      tool.padEnd(width),
      ...readinessPoints.map((point) => (missing.has(point) ? "NO" : "yes").padEnd(columns[point].length)),
    ]
      .join("  ")
      .trimEnd(),
  );
  const table = contracts.length === 0 ? [] : [head, ...rows, ""];
  const end = `policy: ${contracts.length} contracts, ${findings.length} ${findings.length === 1 ? "finding" : "findings"}`;
  process.stdout.write([...table, ...findings, ...(findings.length > 0 ? [""] : []), end, ""].join("\n"));
  return findings.length === 0 ? 0 : 1;
}

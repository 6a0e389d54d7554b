import type { Patch } from "./patches.ts";

/**
 * Time limits that Signalman has no settings for, shortened in every lane so that a trial takes seconds: leases, the
 * wait for FeatBit's answer to a write, the pace of Slack, the time between checkpoints. Their order stays: a write is
 * waited for less long than a lease.
 */
export const hurry: readonly Patch[] = [
  {
    file: "app/shared.ts",
    find: "export const leaseMs = 15_000;",
    put: "export const leaseMs = 3_000;",
  },
  {
    file: "app/shared.ts",
    find: "export const writeTimeoutMs = 10_000;",
    put: "export const writeTimeoutMs = 2_000;",
  },
  {
    file: "adapters/slack/slack.ts",
    find: "messageIntervalMs: 1100,",
    put: "messageIntervalMs: 20,",
  },
  {
    file: "pipeline/checkpointer.ts",
    find: "const mostWaitMs = 60_000;",
    put: "const mostWaitMs = 1_000;",
  },
  {
    file: "pipeline/sequencer.ts",
    find: "const leaseMs = 5_000;",
    put: "const leaseMs = 1_500;",
  },
  {
    file: "pipeline/checkpointer.ts",
    find: "const leaseMs = 30_000;",
    put: "const leaseMs = 3_000;",
  },
];

/**
 * Evidence of more flag changes than usual: a lane changes one flag back and forth more often in minutes than a shop does
 * in days, and the change that is to blame must not be crowded out.
 */
export const roomy: readonly Patch[] = [
  { file: "pipeline/evidence/limit-evidence.ts", find: "  flag_change: 20,", put: "  flag_change: 500," },
  {
    file: "pipeline/evidence/limit-evidence.ts",
    find: "const mostText = 40_000;",
    put: "const mostText = 1_000_000;",
  },
];

/** Writes down, for the judge, each time that an operation of unknown outcome was read back, and what was found. */
export function noteReconciliations(file: string): Patch {
  const call = "const found = await deps.writer.reconcile(state.proposal.plan, operationId);";
  return {
    file: "pipeline/execute.ts",
    find: call,
    put: `${call} process.getBuiltinModule("node:fs").appendFileSync(${JSON.stringify(file)}, JSON.stringify({ at: Date.now(), operationId, found: found.kind }) + "\\n");`,
  };
}

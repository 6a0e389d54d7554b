import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { InvestigationLimits } from "../../../src/domain/investigation-limits.ts";
import type { ControlContext, ControlReading } from "../../../src/domain/policy/controls.ts";
import type { Runbook } from "../../../src/domain/runbook.ts";
import type { ToolCall } from "../../../src/domain/tool-call.ts";
import {
  createInvestigation,
  type Investigation,
  type InvestigationOptions,
} from "../../../src/pipeline/drafting/investigation.ts";
import type { Telemetry } from "../../../src/pipeline/ports/telemetry.ts";
import { readingRulebook } from "../../support/read-contracts.ts";
import {
  ago,
  flagReader,
  gather,
  incidentOf,
  reading,
  rerankerWorld,
  serviceOf,
  telemetryOf,
  type World,
} from "./world.ts";

export const runbook: Runbook = {
  id: "slow-answers",
  title: "Answers are slow",
  symptoms: ["nothing that is shown here"],
  queries: [],
  allowedActions: ["flag.turn_off"],
  maxRolloutPercent: null,
  owner: "support",
  manualSteps: ["Look at the profile."],
};

export interface Looking {
  investigation: Investigation;
  evidence: Evidence;
  /** What was put into the ledger. */
  recorded: ToolCall[];
  /** Every query that reached the metrics. */
  queried: { promql: string; from: string; to: string; stepMs: number }[];
  /** Every read that reached the flag platform. */
  askedFlags: string[];
  /** The contexts in which the controls were read. */
  asked: ControlContext[];
  call: (tool: string, argumentsOf: unknown) => ReturnType<Investigation["call"]>;
}

/** A look around in the reranker's world, and what of it reached whom. */
export async function lookInto(
  over: Partial<Omit<InvestigationOptions, "limits">> & {
    limits?: Partial<InvestigationLimits>;
    controls?: { read: (context: ControlContext) => Promise<ControlReading> };
    world?: World;
  } = {},
): Promise<Looking> {
  const { limits, world = rerankerWorld(), ...options } = over;
  const evidence = await gather(world);
  const [recorded, queried, asked]: [ToolCall[], Looking["queried"], ControlContext[]] = [[], [], []];
  const metrics = telemetryOf(world);
  const telemetry: Telemetry = {
    range(promql, from, to, stepMs) {
      queried.push({ promql, from, to, stepMs });
      return metrics.range(promql, from, to, stepMs);
    },
  };
  const flags = flagReader(world);
  const investigation = createInvestigation({
    incident: incidentOf(world),
    service: serviceOf(world),
    scope: {
      service: "support-assistant",
      environmentName: "production",
      project: "p",
      environment: "prod",
    },
    evidence,
    ports: { flags, telemetry, runbooks: [runbook], pastIncidents: async () => [] },
    budgetMs: 500,
    rulebook: readingRulebook(),
    limits: InvestigationLimits.parse(limits ?? {}),
    record: async (call) => void recorded.push(call),
    ...options,
    controls: {
      read: async (context) => {
        asked.push(context);
        return over.controls === undefined
          ? { ...reading, investigation: true }
          : over.controls.read(context);
      },
    },
  });
  return {
    investigation,
    evidence,
    recorded,
    queried,
    askedFlags: flags.asked,
    asked,
    call: (tool, argumentsOf) =>
      investigation.call(
        tool,
        typeof argumentsOf === "string" ? argumentsOf : JSON.stringify(argumentsOf),
        new AbortController().signal,
      ),
  };
}

/** A metric query that is allowed. */
export const latency = { queryId: "latency", from: ago(20), to: ago(0), stepSeconds: 10 };

import { describe, expect, it } from "vitest";
import type { ControlContext, ControlReading } from "../../../src/domain/policy/controls.ts";
import type { GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import { Service } from "../../../src/domain/service.ts";
import { explainModes } from "../../../src/pipeline/console/explain-modes.ts";
import { createInMemoryStore } from "../../support/in-memory-store.ts";
import {
  contractWith,
  controlsWith,
  exampleRoles,
  noGuard,
  noGuardrails,
} from "../../support/policy-fixtures.ts";
import { readContract } from "../../support/read-contracts.ts";

const service = Service.parse({
  name: "checkout",
  owner: "shop",
  environments: {
    production: { project: "shop", environment: "prod" },
    staging: { project: "shop", environment: "stage" },
  },
  sources: [{ id: "alertmanager" }],
});

async function explained(
  contracts: readonly GovernanceContract[],
  reading: (context: ControlContext) => Partial<ControlReading> = () => ({}),
) {
  const asked: ControlContext[] = [];
  const places = await explainModes({
    store: createInMemoryStore(),
    services: [service],
    rulebook: {
      contracts: new Map(contracts.map((one) => [one.tool, one])),
      roles: exampleRoles,
      guardrails: noGuardrails,
    },
    guard: noGuard,
    controls: {
      read: async (context) => {
        asked.push(context);
        return controlsWith(reading(context));
      },
    },
  });
  const tool = (name: string, at = "production") =>
    places.find(({ environmentName }) => environmentName === at)?.tools.find((one) => one.tool === name);
  return { places, tool, asked };
}

describe("modes and why", () => {
  it("are those of the contract while nothing lowers them, for each environment by itself", async () => {
    const { places, tool, asked } = await explained([contractWith()]);
    expect(places.map(({ service: name, environmentName }) => `${name} ${environmentName}`)).toEqual([
      "checkout production",
      "checkout staging",
    ]);
    expect(tool("flag.turn_off")).toEqual({
      tool: "flag.turn_off",
      contractMode: "approval_required",
      kind: "queue_for_review",
      mode: "approval_required",
      rule: "approval_needed",
      reasons: ["Needs 1 approval by release-manager or service-owner; has 0."],
    });
    expect(asked).toContainEqual(
      expect.objectContaining({ tool: "flag.turn_off", environment: "stage", riskClass: "reversible_write" }),
    );
  });

  it("name the control that lowers them, where it does", async () => {
    const { places, tool } = await explained([contractWith()], ({ environment }) =>
      environment === "prod"
        ? {
            mode: "search_only",
            evaluations: [{ key: "signalman-mode", value: "search_only", reason: "rule" }],
          }
        : {},
    );
    expect(tool("flag.turn_off")).toMatchObject({
      kind: "constrain",
      mode: "search_only",
      rule: "control_mode",
      reasons: ["The control signalman-mode says search_only."],
    });
    expect(tool("flag.turn_off", "staging")).toMatchObject({ mode: "approval_required" });
    expect(places[0]?.control).toEqual({
      mode: "search_only",
      lowered: [],
      evaluations: [{ key: "signalman-mode", value: "search_only", reason: "rule" }],
    });
  });

  it("name the contract that lowers or blocks them, the deny list, and a contract that is missing", async () => {
    const { tool } = await explained(
      [
        contractWith({ defaultMode: "draft_write" }),
        contractWith({
          tool: "flag.turn_on",
          hardBoundary: { ...contractWith().hardBoundary, blockedEnvironments: ["prod"] },
        }),
        contractWith({ tool: "flag.set_rollout" }),
      ],
      () => ({ deniedTools: ["flag.set_rollout"] }),
    );
    expect(tool("flag.turn_off")).toMatchObject({ mode: "draft_write", rule: "contract_default_mode" });
    expect(tool("flag.turn_on")).toMatchObject({ kind: "deny", rule: "hard_boundary" });
    expect(tool("flag.turn_on", "staging")).toMatchObject({ kind: "queue_for_review" });
    expect(tool("flag.set_rollout")).toMatchObject({ kind: "deny", mode: "off", rule: "denied_tools" });
    expect(tool("flag.add_targets")).toMatchObject({ contractMode: null, kind: "deny", rule: "no_contract" });
  });

  it("tell what a model may look at", async () => {
    const shut = await explained([readContract("metric.query")]);
    expect(shut.tool("metric.query")).toMatchObject({ kind: "deny", rule: "control_investigation" });
    const open = await explained([readContract("metric.query")], () => ({ investigation: true }));
    expect(open.tool("metric.query")).toMatchObject({ kind: "allow", mode: "search_only", rule: "contract" });
  });
});

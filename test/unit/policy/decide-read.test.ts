import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadGovernance } from "../../../src/documents/load-governance.ts";
import { decideRead, type ReadRequest } from "../../../src/domain/policy/decide-read.ts";
import { authority, Mode } from "../../../src/domain/policy/mode.ts";
import { ReadTool } from "../../../src/domain/policy/tool-name.ts";
import { controlsWith, exampleRoles } from "../../support/policy-fixtures.ts";
import { readContract } from "../../support/read-contracts.ts";

function request(over: Partial<ReadRequest> = {}): ReadRequest {
  return {
    tool: "flag.read",
    workflow: "incident-response",
    environment: "prod",
    tags: [],
    governance: readContract("flag.read"),
    roles: exampleRoles,
    controls: controlsWith({ investigation: true }),
    ...over,
  };
}

describe("a read that a model asks for", () => {
  test("is allowed by its contract, in the mode that contract and control have in common", () => {
    expect(decideRead(request())).toMatchObject({ kind: "allow", mode: "search_only", rule: "contract" });
    const observing = request({ controls: controlsWith({ investigation: true, mode: "observe" }) });
    expect(decideRead(observing)).toMatchObject({ kind: "allow", mode: "observe" });
  });

  test.each<[string, Partial<ReadRequest>]>([
    ["no_contract", { governance: null }],
    ["no_contract", { governance: readContract("audit.read") }],
    ["hard_boundary", { governance: readContract("flag.read", { workflow: "human-request" }) }],
    ["control_investigation", { controls: controlsWith({ investigation: false }) }],
    ["denied_tools", { controls: controlsWith({ investigation: true, deniedTools: ["flag.read"] }) }],
    ["mode", { controls: controlsWith({ investigation: true, mode: "off" }) }],
    ["mode", { controls: controlsWith({ investigation: true, mode: "fallback" }) }],
    ["mode", { governance: readContract("flag.read", { defaultMode: "off" }) }],
    ["mode", { governance: readContract("flag.read", { allowedModes: ["approval_required"] }) }],
  ])("is denied by %s", (rule, over) => {
    expect(decideRead(request(over))).toMatchObject({
      kind: "deny",
      rule,
      reason: expect.stringMatching(/\.$/),
    });
  });

  test("is never allowed with less than contract, switch and mode, and lowering any of them never allows more", () => {
    const modes = fc.constantFrom(...Mode.options);
    fc.assert(
      fc.property(
        modes,
        modes,
        fc.subarray([...Mode.options], { minLength: 1 }),
        fc.boolean(),
        fc.subarray([...ReadTool.options]),
        fc.boolean(),
        (mode, defaultMode, allowedModes, investigation, deniedTools, blocked) => {
          const hardBoundary = {
            serviceIdentity: "w",
            apiScopes: [],
            blockedScopes: [],
            blockedEnvironments: blocked ? ["prod"] : [],
            blockedTags: [],
          };
          const governance = readContract("flag.read", { defaultMode, allowedModes, hardBoundary });
          const decided = decideRead(
            request({ governance, controls: controlsWith({ mode, investigation, deniedTools }) }),
          );
          if (decided.kind === "deny") return;
          expect([investigation, blocked, deniedTools.includes("flag.read")]).toEqual([true, false, false]);
          expect(allowedModes).toContain(decided.mode);
          expect(authority(decided.mode)).toBeLessThanOrEqual(
            Math.min(authority(mode), authority(defaultMode)),
          );
          expect(["observe", "search_only", "draft_write", "approval_required"]).toContain(decided.mode);
        },
      ),
    );
  });

  test("is allowed by the shipped contract of every read tool", () => {
    const { contracts, roles } = loadGovernance("governance");
    for (const tool of ReadTool.options) {
      const governance = contracts.get(tool) ?? null;
      expect(decideRead(request({ tool, governance, roles })).kind, tool).toBe("allow");
    }
  });
});

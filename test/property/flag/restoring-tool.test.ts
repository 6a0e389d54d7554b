import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../../src/domain/flag/plan.ts";
import { restoringTool } from "../../../src/domain/flag/restoring-tool.ts";
import { operationCase, seeded } from "../../support/flag-arbitraries.ts";

test("whatever one write can restore has a tool whose contract rules it", () => {
  let restored = 0;
  fc.assert(
    fc.property(operationCase, ({ operation, snapshot, segments }) => {
      const planned = compile(operation, snapshot, segments);
      if (planned.kind !== "plan") return;
      const { forward } = planned.plan;
      // Somebody's change, lost under ours: the flag is as it was before, and theirs is to come back.
      const again = compile(
        {
          tool: restoringTool(forward, snapshot.flag),
          restores: forward,
          because: { kind: "overwritten", auditEntryId: "a-1" },
        },
        snapshot,
        segments,
      );
      restored += 1;
      expect(again).toMatchObject({ kind: "plan", plan: { forward, after: planned.plan.after } });
    }),
    seeded("restoring tool"),
  );
  expect(restored).toBeGreaterThan(0);
});

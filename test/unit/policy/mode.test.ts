import { expect, test } from "vitest";
import { authority, lowestMode, Mode, type ModePowers, powersOf } from "../../../src/domain/policy/mode.ts";

/** The table of modes of docs/architecture.md, in rising order of authority. */
const table: [
  Mode,
  evidence: boolean,
  ModePowers["drafter"],
  card: boolean,
  candidate: boolean,
  button: boolean,
][] = [
  ["off", false, "none", false, false, false],
  ["observe", true, "model_else_rules", false, false, false],
  ["fallback", true, "rules", true, false, false],
  ["search_only", true, "model_else_rules", true, false, false],
  ["draft_write", true, "model_else_rules", true, true, false],
  ["approval_required", true, "model_else_rules", true, true, true],
];

test.each(table)("%s", (mode, gathersEvidence, drafter, postsCard, showsCandidate, takesApproval) => {
  expect(powersOf[mode]).toEqual({ gathersEvidence, drafter, postsCard, showsCandidate, takesApproval });
});

test("the order of authority is that of the table, and the lowest of several modes is found", () => {
  const inOrder = table.map(([mode]) => mode);
  expect(Mode.options.toSorted((a, b) => authority(a) - authority(b))).toEqual(inOrder);
  for (const a of inOrder) {
    for (const b of inOrder) {
      const lower = inOrder[Math.min(inOrder.indexOf(a), inOrder.indexOf(b))];
      expect(lowestMode(a, b)).toBe(lower);
      expect(lowestMode("approval_required", b, a)).toBe(lower);
    }
  }
});

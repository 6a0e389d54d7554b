import { expect, it } from "vitest";
import { fieldsOf } from "../../../src/commands/audit/audit-fields.ts";

it.each([
  [
    "vote_cast",
    { vote: { vote: "approve", userId: "U0RITA", name: "Rita", rationale: "seen it" } },
    { reviewer: "Rita (U0RITA)", review_result: "approve", consequence: "seen it" },
  ],
  [
    "glass_broken",
    { glass: { userId: "U0RITA", name: "Rita", rationale: "it burns" } },
    { reviewer: "Rita (U0RITA)", review_result: "approve (emergency)", consequence: "it burns" },
  ],
  [
    "attested",
    { attestation: { userId: "U0RITA", name: "Rita", statement: "Nothing reads it." } },
    { reviewer: "Rita (U0RITA)", review_result: "stated", consequence: "Nothing reads it." },
  ],
  [
    "standing_used",
    { use: { standingId: "STA-0000000001", by: "Rita and Omar" } },
    { reviewer: "Rita and Omar", review_result: "approve (standing) STA-0000000001" },
  ],
])("an export names who stands behind %s", (type, data, fields) => {
  expect(fieldsOf(type, data)).toEqual(fields);
});

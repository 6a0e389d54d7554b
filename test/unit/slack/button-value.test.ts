import { describe, expect, it } from "vitest";
import { changeValue, incidentValue, parseButtonValue } from "../../../src/adapters/slack/button-value.ts";
import { changeId, decisions, incidentId, propose } from "../../support/change-fixtures.ts";
import { investigated } from "../../support/story.ts";

describe("what a button carries", () => {
  const change = investigated().change(propose(decisions.queue()));
  const value = changeValue(change);

  it("comes back as it was written, and fits into a button", () => {
    expect(parseButtonValue(value)).toEqual({
      kind: "change",
      changeId,
      version: 1,
      digest: change.proposal.digest,
    });
    expect(parseButtonValue(incidentValue(incidentId))).toEqual({ kind: "incident", incidentId });
    expect(value.length).toBeLessThan(200);
  });

  it.each([
    "",
    "v2|CHG-0000000001|1|x",
    `${value}|more`,
    value.replace("CHG-", "CHX-"),
    value.replace("|1|", "|0|"),
    value.replace("|1|", "|1e3|"),
    value.replace("|1|", "| 1|"),
    value.replace("sha256:", "sha512:"),
    value.slice(0, -1),
    "v1|INC-short",
    "v1|__proto__",
  ])("is refused when it is anything else: %s", (text) => {
    expect(parseButtonValue(text)).toBeNull();
  });
});

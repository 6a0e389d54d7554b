import { describe, expect, test } from "vitest";
import { Inhibition, isSilenceable, silences } from "../../../src/domain/inhibition.ts";
import { alertWith } from "../../support/incident-fixtures.ts";

const rule = Inhibition.parse({
  when: { severity: "critical", match: { alertname: "ClusterDown" } },
  silences: { severity: "warning" },
  equal: ["cluster"],
});
const parent = alertWith({
  fingerprint: "p",
  severity: "critical",
  labels: { alertname: "ClusterDown", cluster: "eu" },
});
const child = (labels: Record<string, string>, over = {}) =>
  alertWith({ fingerprint: "c", severity: "warning", labels, ...over });

describe("an alert that fires silences another", () => {
  test.each([
    ["of the same cluster", parent, child({ cluster: "eu" }), true],
    ["not of another cluster", parent, child({ cluster: "us" }), false],
    ["not one without the label", parent, child({}), false],
    ["not one that is too severe", parent, child({ cluster: "eu" }, { severity: "error" }), false],
    ["not itself", child({ cluster: "eu" }), child({ cluster: "eu" }), false],
    [
      "not unless it is the one meant",
      { ...parent, severity: "error" as const },
      child({ cluster: "eu" }),
      false,
    ],
    [
      "and takes a label that both lack for equal",
      { ...parent, labels: { alertname: "ClusterDown" } },
      child({}),
      true,
    ],
    [
      "not by a label called like a property of every object",
      { ...parent, labels: { alertname: "ClusterDown" } },
      child({ cluster: "constructor" }),
      false,
    ],
  ])("%s", (_, other, alert, silenced) => {
    expect(silences(other, alert, [rule])).toBe(silenced);
  });

  test("not where each would silence the other", () => {
    const both = Inhibition.parse({ when: { match: { team: "a" } }, silences: { match: { team: "a" } } });
    const [one, two] = [child({ team: "a" }), child({ team: "a" }, { fingerprint: "d" })];
    expect(silences(one, two, [both])).toBe(false);
    expect(isSilenceable(one, [both])).toBe(true);
  });
});

test("a side that is about every alert is refused", () => {
  const empty = Inhibition.safeParse({ when: {}, silences: { severity: "info" } });
  expect(empty.error?.issues[0]?.path).toEqual(["when"]);
});

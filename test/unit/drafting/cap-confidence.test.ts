import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Confidence } from "../../../src/domain/assessment.ts";
import { Evidence, type EvidenceItem } from "../../../src/domain/evidence/evidence.ts";
import {
  capConfidence,
  cappedBecause,
  capRules,
  tooLittleBecause,
} from "../../../src/pipeline/drafting/cap-confidence.ts";
import { ago, gather, incidentOf, jump, minutes, now, rerankerWorld } from "./world.ts";

const flagKey = "support_answer_profile";
const gap = (source: string) => ({ source, reason: "It did not answer." });

const incident = incidentOf(rerankerWorld());
const compared = await gather(rerankerWorld());
const uncompared = without(compared, (item) => item.kind === "metric" && "variation" in item.labels);

function without(evidence: Evidence, drop: (item: EvidenceItem) => boolean): Evidence {
  return { ...evidence, items: evidence.items.filter((item) => !drop(item)) };
}

function withDeploy(evidence: Evidence, minutesAgo: number): Evidence {
  const deploy = { id: "E99", kind: "deploy", title: "v3", text: [], at: ago(minutesAgo), version: "3" };
  return Evidence.parse({ ...evidence, items: [...evidence.items, deploy] });
}

/** The same evidence with the flag changed earlier. */
function changedEarlier(evidence: Evidence, minutesAgo: number): Evidence {
  const items = evidence.items.map((item) =>
    item.kind === "flag_change" ? { ...item, at: ago(minutesAgo) } : item,
  );
  return { ...evidence, items };
}

function withOtherFlag(evidence: Evidence): Evidence {
  const [change] = evidence.items.filter((item) => item.kind === "flag_change");
  if (change === undefined) throw new Error("the world has no flag change");
  const other = { ...change, id: "E98", auditId: "audit-other", ref: { ...change.ref, key: "other" } };
  return { ...evidence, items: [...evidence.items, other] };
}

const alerted = (minutesAgo: number) => incidentOf({ alert: { startedAt: ago(minutesAgo) } });

describe("confidence", () => {
  test.each<[string, Evidence, Confidence, string | null]>([
    ["all agrees, and the variations are compared", compared, "high", null],
    ["no series compares the variations", uncompared, "medium", null],
    [
      "no metric got worse",
      without(compared, ({ kind }) => kind === "metric"),
      "low",
      "no metric shows that anything got worse",
    ],
    [
      "the trouble is too young",
      { ...compared, lookAgainAt: ago(-1) },
      "low",
      "the trouble is too young to be judged by its samples",
    ],
    [
      "a deploy lies between",
      withDeploy(changedEarlier(uncompared, 8), 7),
      "low",
      "a deploy lies between the change and the trouble",
    ],
    [
      "a deploy lies between, and the variations are compared",
      withDeploy(changedEarlier(compared, 8), 7),
      "low",
      null,
    ],
    [
      "the change was long before",
      changedEarlier(uncompared, 20),
      "low",
      "the trouble began long after the change",
    ],
    [
      "the change was long before, and the variations are compared",
      changedEarlier(compared, 20),
      "low",
      null,
    ],
    ["metrics are missing", { ...compared, gaps: [gap("metric latency")] }, "low", null],
    ["flag changes are missing", { ...compared, gaps: [gap("flag changes")] }, "low", null],
    ["deploys are missing", { ...compared, gaps: [gap("deploys")] }, "medium", null],
    ["runbooks are missing", { ...compared, gaps: [gap("runbooks")] }, "high", null],
    ["another flag changed too", withOtherFlag(uncompared), "medium", null],
    ["another flag changed too, and the variations are compared", withOtherFlag(compared), "high", null],
  ])("where %s", (_, evidence, expected, tooLittle) => {
    const judged = { evidence, incident };
    expect(capConfidence("high", judged, flagKey)).toBe(expected);
    expect(capConfidence("low", judged, flagKey)).toBe("low");
    expect(tooLittleBecause(judged, flagKey)).toBe(tooLittle);
    if (expected === "high") expect(cappedBecause(expected, judged, flagKey)).toEqual([]);
    else expect(cappedBecause(expected, judged, flagKey).length).toBeGreaterThan(0);
  });

  test("a slow metric makes nothing long: the alert dates the trouble too", () => {
    const late = Evidence.parse({
      ...uncompared,
      items: uncompared.items.map((item) => {
        if (item.kind === "flag_change") return { ...item, at: ago(16) };
        if (item.kind !== "metric" || item.onsetAt === null) return item;
        const { begunBetween: _, ...dated } = item;
        return { ...dated, onsetAt: ago(6) };
      }),
    });
    const long = "the trouble began long after the change";
    expect(tooLittleBecause({ evidence: late, incident: alerted(6) }, flagKey)).toBe(long);
    expect(tooLittleBecause({ evidence: late, incident: alerted(16) }, flagKey)).toBeNull();
  });

  test("the world of these cases is what they take it for", () => {
    expect(compared.items.some(({ kind }) => kind === "flag_change")).toBe(true);
    expect(jump(ago(6), 1, 2)(now - minutes(1))).toBeGreaterThan(1.5);
  });

  test("the table of docs/drafting.md is the one in the code", () => {
    const words = { always: "always", unless_compared: "unless the variations are compared", never: "never" };
    const rows = Array.from(
      readFileSync("docs/drafting.md", "utf8").matchAll(/^\| (low|medium) +\| (.+?) +\| (.+?) +\|$/gm),
      ([, cap, when, tooLittle]) => ({ cap, when, tooLittle }),
    );
    expect(rows).toEqual(
      capRules.map(({ cap, when, tooLittle }) => ({ cap, when, tooLittle: words[tooLittle] })),
    );
  });
});

import { expect, test } from "vitest";
import { limitEvidence } from "../../../src/pipeline/evidence/limit-evidence.ts";
import type { Item } from "../../../src/pipeline/evidence/evidence-source.ts";
import { ago } from "../drafting/world.ts";

function deployOf(index: number, lines: number): Item {
  return {
    kind: "deploy",
    title: `deploy ${index}`,
    text: Array.from({ length: lines }, () => "x".repeat(190)),
    at: ago(60 - index),
    source: "ci",
    version: `${index}`,
    author: "",
    state: "succeeded",
    url: null,
  };
}

function stateOf(index: number): Item {
  return {
    kind: "flag_state",
    title: `flag ${index}`,
    text: Array.from({ length: 12 }, () => "y".repeat(160)),
    ref: { project: "p", environment: "e", environmentId: "i", key: `flag-${index}` },
    revision: "r",
    isEnabled: true,
    shares: [],
    segments: [],
    targets: 0,
    createdAt: null,
    lastChangedAt: null,
    pendingChanges: null,
  };
}

test("one item's text is cut, and how much is said in it", () => {
  const { kept, cut } = limitEvidence([deployOf(1, 40)], ago(0));
  expect(kept[0]?.text).toHaveLength(11);
  expect(kept[0]?.text.at(-1)).toBe("… and 30 more lines.");
  expect(cut).toEqual([]);
});

test("all texts together stay within forty thousand characters, the least telling go", () => {
  const items = [
    ...Array.from({ length: 15 }, (_, index) => stateOf(index)),
    ...Array.from({ length: 30 }, (_, index) => deployOf(index, 10)),
  ];
  const { kept, cut } = limitEvidence(items, ago(0));
  const size = kept.reduce((sum, { title, text }) => sum + title.length + text.join("").length, 0);
  expect(size).toBeLessThanOrEqual(40_000);
  expect(kept.filter(({ kind }) => kind === "deploy")).toHaveLength(10);
  expect(kept[0]?.title).toBe("deploy 29");
  const states = kept.filter(({ kind }) => kind === "flag_state").length;
  expect(cut).toEqual([
    { source: "deploy", reason: "20 of 30 items are left out, the least telling ones." },
    { source: "flag state", reason: `${15 - states} of 15 items are left out, the least telling ones.` },
  ]);
  expect(states).toBeLessThan(15);
});

import { describe, expect, test } from "vitest";
import { type AuthorityState, everywhere } from "../../../src/domain/authority/authority.ts";
import { judgeQuality, QualityRules } from "../../../src/domain/guard/quality.ts";
import { type QualityMark, qualityMarkOf } from "../../../src/domain/guard/quality-mark.ts";
import { later } from "../../../src/domain/ids.ts";
import type { Mode } from "../../../src/domain/policy/mode.ts";
import { wednesdayNoon as noon } from "../../support/guard-fixtures.ts";

const rules = QualityRules.parse({ minimumSamples: 4 });

/** `bad` of `count` marks of one measure, a minute apart, of different changes. */
function marks(
  measure: QualityMark["measure"],
  bad: number,
  count: number,
  service = "checkout",
): QualityMark[] {
  return Array.from({ length: count }, (_, index) => ({
    service,
    at: later(noon, index * 60_000),
    subject: `${service}/${index}`,
    measure,
    bad: index < bad,
  }));
}

function stateOf(scope: string, over: Partial<AuthorityState>): AuthorityState {
  return { scope, overrides: [], lowered: null, resumeAsked: [], resumedAt: null, ...over };
}

const lowered = (mode: Mode, minutes: number) => ({
  lowered: { at: later(noon, minutes * 60_000), mode, reason: "", evidence: [] },
});

describe("authority goes down a step where", () => {
  test.each([
    ["rejected", 3],
    ["without_effect", 3],
    ["reverted", 3],
    ["not_useful", 3],
  ] as const)("too many are %s", (measure, bad) => {
    expect(judgeQuality(marks(measure, bad, 4), [], rules)).toMatchObject([
      { scope: "checkout", mode: "draft_write", evidence: [expect.stringMatching(/^3 of 4 /)] },
    ]);
    expect(judgeQuality(marks(measure, 2, 4), [], rules)).toEqual([]);
  });

  test("nothing is said of too few, nor where it is not looked at", () => {
    expect(judgeQuality(marks("rejected", 3, 3), [], rules)).toEqual([]);
    expect(judgeQuality(marks("rejected", 4, 4), [], { ...rules, mostRejectedPercent: 100 })).toEqual([]);
  });

  test("services that are heard of too seldom are judged together, and one that is not is judged alone", () => {
    const seldom = [...marks("rejected", 2, 2, "a"), ...marks("rejected", 2, 2, "b")];
    const often = marks("rejected", 0, 50, "good");
    expect(judgeQuality([...often, ...seldom], [], rules).map(({ scope }) => scope)).toEqual([everywhere]);
  });

  test("of one subject the last word counts, and what could not be measured does not", () => {
    const [first, ...rest] = marks("reverted", 3, 4);
    if (first === undefined) throw new Error("no mark");
    const closedAgain = { ...first, at: later(noon, 3_600_000), bad: false };
    expect(judgeQuality([first, ...rest, closedAgain], [], rules)).toEqual([]);
    expect(
      judgeQuality(
        marks("without_effect", 0, 4).map((mark) => ({ ...mark, bad: null })),
        [],
        rules,
      ),
    ).toEqual([]);
  });
});

describe("it is counted anew", () => {
  test("after a step, which is followed by the next one down to fallback and no further", () => {
    const old = marks("rejected", 4, 4);
    expect(judgeQuality(old, [stateOf("checkout", lowered("draft_write", 10))], rules)).toEqual([]);
    const fresh = old.map((mark) => ({ ...mark, at: later(mark.at, 3_600_000) }));
    const step = (mode: Mode) =>
      judgeQuality(fresh, [stateOf("checkout", lowered(mode, 10))], rules).map((loss) => loss.mode);
    expect(step("draft_write")).toEqual(["search_only"]);
    expect(step("search_only")).toEqual(["fallback"]);
    expect(step("fallback")).toEqual([]);
  });

  test.each(["checkout", everywhere])("after people gave authority back to %s", (scope) => {
    const old = marks("rejected", 4, 4);
    const resumed = stateOf(scope, { resumedAt: later(noon, 2 * 60_000) });
    expect(judgeQuality(old, [resumed], rules)).toEqual([]);
    const since = stateOf(scope, { resumedAt: later(noon, -1) });
    expect(judgeQuality(old, [since], rules)).toHaveLength(1);
  });
});

test("an event that says nothing of quality is no mark", () => {
  const entry = { stream: "change/CHG-0000000001", at: noon, type: "review_due", data: {} } as const;
  expect(qualityMarkOf(entry, "checkout")).toBeNull();
});

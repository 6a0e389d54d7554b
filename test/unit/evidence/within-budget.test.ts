import { describe, expect, it } from "vitest";
import { OpsError, type OpsErrorCode } from "../../../src/domain/ops-error.ts";
import { withinBudget } from "../../../src/pipeline/evidence/within-budget.ts";

/** Fails with these, one after the other, and then answers. */
function failing(codes: readonly OpsErrorCode[], retryAfterMs?: number) {
  const left = [...codes];
  const source = {
    asked: 0,
    ask: async (): Promise<string> => {
      source.asked += 1;
      const code = left.shift();
      if (code !== undefined) throw new OpsError(code, `it was ${code}`, { retryAfterMs });
      return "the answer";
    },
  };
  return source;
}

const budgetMs = 2_000;
const silent = () => new Promise<string>(() => undefined);

describe("one source of evidence", () => {
  it("is asked again after what passes, three times at most", async () => {
    const passing = failing(["unreachable", "server_error", "bad_answer"]);
    expect(await withinBudget(passing.ask, budgetMs)).toEqual({ kind: "value", value: "the answer" });
    const lasting = failing(Array.from({ length: 9 }, () => "unreachable"));
    expect(await withinBudget(lasting.ask, budgetMs)).toEqual({ kind: "gap", reason: "it was unreachable" });
    expect(lasting.asked).toBe(4);
  });

  it("is not asked again after a no, or when it was late", async () => {
    for (const code of ["unauthorized", "forbidden", "not_found", "rejected", "timeout"] as const) {
      const source = failing([code]);
      expect(await withinBudget(source.ask, budgetMs)).toEqual({ kind: "gap", reason: `it was ${code}` });
      expect(source.asked).toBe(1);
    }
  });

  it("is left alone for as long as it asks, and given up where that is beyond the budget", async () => {
    const began = performance.now();
    expect((await withinBudget(failing(["rate_limited"], 150).ask, budgetMs)).kind).toBe("value");
    expect(performance.now() - began).toBeGreaterThanOrEqual(149);
    const source = failing(["rate_limited"], 60_000);
    expect(await withinBudget(source.ask, budgetMs)).toEqual({ kind: "gap", reason: "it was rate_limited" });
    expect(source.asked).toBe(1);
  });

  it("is a gap when its time is over, and a bug stays one", async () => {
    expect(await withinBudget(silent, 20)).toMatchObject({
      kind: "gap",
      reason: expect.stringContaining("No answer within"),
    });
    const broken = withinBudget(() => Promise.reject(new TypeError("a bug")), budgetMs);
    await expect(broken).rejects.toThrow("a bug");
  });
});

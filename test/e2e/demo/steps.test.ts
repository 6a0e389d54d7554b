import { describe, expect, it } from "vitest";
import { createSteps, Unexpected } from "../../../src/commands/demo/script/steps.ts";
import { needed, until } from "../../../src/commands/demo/script/until.ts";

describe("the steps of the demo's script", () => {
  it("goes on after a failed step, tells expected and seen, and ends badly", async () => {
    let written = "";
    const steps = createSteps((text) => (written += text));
    await steps.step("first", "a card", () => Promise.reject(new Unexpected("no card", "the card:\nempty")));
    await steps.step("second", "fine", async () => "fine\nindeed");
    expect(steps.end()).toBe(false);
    expect(written).toMatch(/✗ first\n\s+expected: a card\n\s+seen: no card\n\s+the card:\n\s+empty\n/);
    expect(written).toMatch(/\+\d+\.\d s {2}✓ second: fine indeed\n/);
    expect(written.trim().split("\n").at(-1)).toBe("demo: 2 steps, 1 as expected");
  });

  it("counts a defect as a failed step, and no steps as no success", async () => {
    const none = createSteps(() => undefined);
    expect(none.end()).toBe(false);
    const steps = createSteps(() => undefined);
    await steps.step("defect", "anything", () => Promise.reject(new TypeError("x is not a function")));
    expect(steps.end()).toBe(false);
  });

  it("waits for what comes late, and gives the last complaint when it does not come", async () => {
    let asked = 0;
    const late = until(2_000, () => {
      asked += 1;
      if (asked < 3) throw new Unexpected("not yet");
      return "there";
    });
    await expect(late).resolves.toBe("there");
    const never = until(150, () => Promise.reject(new Unexpected("2.4 s", "card")));
    await expect(never).rejects.toMatchObject({ message: "2.4 s (waited 0.15 s)", more: "card" });
    expect(() => needed(null, "card")).toThrow("there is no card");
  });
});

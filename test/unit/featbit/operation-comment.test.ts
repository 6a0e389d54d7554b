import * as fc from "fast-check";
import { expect, test } from "vitest";
import { operationComment } from "../../../src/adapters/featbit/operation-comment.ts";

test("any words: the id first, whole, at most 512 code points, nothing PostgreSQL refuses", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 700 }), (words) => {
      const comment = operationComment("OP-1", words);
      expect(comment.startsWith("OP-1")).toBe(true);
      expect(Array.from(comment).length).toBeLessThanOrEqual(512);
      expect(comment.includes("\0")).toBe(false);
      expect(comment.isWellFormed()).toBe(true);
    }),
  );
});

test("an id that would not stand there whole is a bug", () => {
  for (const id of ["", " ", "x".repeat(513), "a\0b", " OP"])
    expect(() => operationComment(id, "w")).toThrow();
});

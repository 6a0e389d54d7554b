import { describe, expect, it } from "vitest";
import type { Given } from "./given.ts";

export function checkpointsConformance(given: Given): void {
  describe("checkpoints", () => {
    it("keeps each as it was made, finds the newest and those that cover a position, and never changes one", async () => {
      const { checkpoints } = given.store;
      expect(await checkpoints.newest()).toBeNull();
      expect(await checkpoints.above(0, 10)).toEqual([]);
      const made = [7, 3].map((size) => ({
        size,
        note: `ledger\n${size}\n\n— ledger AAAA\n`,
        edge: Buffer.alloc(32, size),
        leaves: Buffer.alloc(64, size),
      }));
      for (const each of made) await checkpoints.put(each);
      const [seven, three] = made;
      if (seven === undefined || three === undefined) throw new Error("there are two");
      await checkpoints.put({ ...three, note: "another" });
      expect(await checkpoints.above(0, 10)).toEqual(
        [three, seven].map((each) => expect.objectContaining(each)),
      );
      expect(await checkpoints.above(2, 1)).toMatchObject([{ size: 3 }]);
      expect(await checkpoints.above(3, 10)).toMatchObject([{ size: 7 }]);
      expect(await checkpoints.newest()).toMatchObject({ size: 7, at: expect.stringMatching(/^2.*Z$/) });
      for (const statement of [
        "update checkpoints set note = ''",
        "delete from checkpoints",
        "truncate checkpoints",
      ]) {
        await expect(given.pool.query(statement)).rejects.toThrow("append-only");
      }
    });
  });
}

import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTreeEdge, edgeBytes, edgeFrom, leafHash } from "../../../src/domain/ledger/merkle.ts";

/** The definition of RFC 6962, section 2.1, word for word. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash("sha256").digest();
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return createHash("sha256")
    .update(Buffer.from([1]))
    .update(rootByDefinition(leaves.slice(0, k)))
    .update(rootByDefinition(leaves.slice(k)))
    .digest();
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafHash(`entry ${index}`));
const treeOf = (leaves: readonly Buffer[]) => {
  const tree = createTreeEdge();
  for (const leaf of leaves) tree.push(leaf);
  return tree;
};
const size = fc.integer({ min: 0, max: 300 });

describe("the tree's edge", () => {
  test("gives the root of the definition at every size", () => {
    fc.assert(
      fc.property(size, (count) => {
        const leaves = leavesOf(count);
        expect(treeOf(leaves).root()).toEqual(rootByDefinition(leaves));
      }),
    );
  });

  test("is all that is needed to go on: every later tree is consistent with what was kept", () => {
    fc.assert(
      fc.property(size, size, (before, more) => {
        const leaves = leavesOf(before + more);
        const kept = edgeBytes(treeOf(leaves.slice(0, before)));
        const tree = edgeFrom(before, kept);
        expect(tree?.root()).toEqual(rootByDefinition(leaves.slice(0, before)));
        for (const leaf of leaves.slice(before)) tree?.push(leaf);
        expect(tree?.root()).toEqual(rootByDefinition(leaves));
        expect(kept.length / 32).toBeLessThanOrEqual(Math.log2(before + 1) + 1);
      }),
    );
  });

  test("of what lies beside any range proves that the range is in the tree, and nothing else is", () => {
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 40 }), fc.nat(), (left, right, inside, pick) => {
        const leaves = leavesOf(left + inside + right);
        const root = rootByDefinition(leaves);
        const beside = (from: number, to: number) => {
          const edge = createTreeEdge(from);
          for (const leaf of leaves.slice(from, to)) edge.push(leaf);
          expect(edge.subtrees().length).toBeLessThanOrEqual(2 * Math.log2(to - from + 2));
          return edge.subtrees();
        };
        const provenBy = (shown: readonly Buffer[]) => {
          const tree = createTreeEdge();
          for (const subtree of beside(0, left)) tree.pushSubtree(subtree);
          for (const leaf of shown) tree.push(leaf);
          for (const subtree of beside(left + inside, leaves.length)) tree.pushSubtree(subtree);
          return tree.root();
        };
        const shown = leaves.slice(left, left + inside);
        expect(provenBy(shown)).toEqual(root);
        const forged = shown.with(pick % inside, leafHash("another"));
        expect(provenBy(forged)).not.toEqual(root);
      }),
    );
  });
});

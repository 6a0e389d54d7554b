import { hash } from "node:crypto";

/** A perfect subtree: the hash over the 2^level leaves that begin at `start`. */
export interface Subtree {
  start: number;
  level: number;
  hash: Buffer;
}

/**
 * Leaves from `start` on as the fewest perfect subtrees, the first leaf's first: all that is needed of a tree to go on
 * growing it, and, of what lies beside a range of leaves, all that is needed to prove that range.
 */
export interface TreeEdge {
  /** The position after the last leaf; from `start` 0, how many there are. */
  end(): number;
  push(leaf: Buffer): void;
  /** In place of its leaves; it must begin at `end()`. */
  pushSubtree(subtree: Subtree): void;
  subtrees(): readonly Subtree[];
  /** The root (RFC 6962, section 2.1) over leaves from position 0. */
  root(): Buffer;
}

/** RFC 6962: a leaf is hashed with 0x00 before it, a node with 0x01, so that neither can pass for the other. */
export function leafHash(data: string): Buffer {
  return hash("sha256", `\0${data}`, "buffer");
}

export function createTreeEdge(start = 0, from: readonly Subtree[] = []): TreeEdge {
  const stack = [...from];
  const last = stack.at(-1);
  let end = last === undefined ? start : last.start + 2 ** last.level;

  function add(subtree: Subtree): void {
    if (subtree.start !== end) throw new Error(`a subtree at ${subtree.start} cannot follow ${end} leaves`);
    end += 2 ** subtree.level;
    let grown = subtree;
    for (;;) {
      const left = stack.at(-1);
      if (left?.level !== grown.level || left.start % 2 ** (left.level + 1) !== 0) break;
      stack.pop();
      grown = { start: left.start, level: left.level + 1, hash: nodeHash(left.hash, grown.hash) };
    }
    stack.push(grown);
  }

  return {
    end: () => end,
    push: (leaf) => add({ start: end, level: 0, hash: leaf }),
    pushSubtree: add,
    subtrees: () => stack,
    root() {
      const newest = stack.at(-1);
      if (newest === undefined) return hash("sha256", "", "buffer");
      return stack.slice(0, -1).reduceRight((right, left) => nodeHash(left.hash, right), newest.hash);
    },
  };
}

/** The hashes of the edge of a whole tree, one after the other; which subtrees they are follows from its size. */
export function edgeBytes(edge: TreeEdge): Buffer {
  return Buffer.concat(edge.subtrees().map(({ hash }) => hash));
}

/** Null where these are not the edge of a tree of that size. */
export function edgeFrom(size: number, bytes: Uint8Array): TreeEdge | null {
  const hashes = hashesOf(bytes);
  const subtrees: Subtree[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level -= 1) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue;
    const found = hashes?.[subtrees.length];
    if (found === undefined) return null;
    subtrees.push({ start, level, hash: found });
    start += 2 ** level;
  }
  return hashes?.length === subtrees.length ? createTreeEdge(0, subtrees) : null;
}

/** Hashes that were written one after the other; null where their length is not that of whole ones. */
export function hashesOf(bytes: Uint8Array): Buffer[] | null {
  if (bytes.length % hashLength !== 0) return null;
  const whole = Buffer.from(bytes);
  return Array.from({ length: whole.length / hashLength }, (_, index) =>
    whole.subarray(index * hashLength, (index + 1) * hashLength),
  );
}

const hashLength = 32;
const nodePrefix = Uint8Array.of(1);

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash("sha256", Buffer.concat([nodePrefix, left, right]), "buffer");
}

import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { behaviourOf, type Segment } from "./flag.ts";
import type { Plan } from "./plan.ts";

/** "sha256:" and 64 lower-case hexadecimal digits. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export type Digest = z.infer<typeof Digest>;

/** Hashes of the parsed governance contract of the plan's tool and of the parsed roles. */
export type Governing = { contractHash: string; rolesHash: string };

/**
 * What an approval stands for: SHA-256 over canonical JSON (RFC 8785) of flag and environment, the
 * revision, behaviour and segments the plan was made from, both calls, and the rules it was judged by.
 * Words, names and times of the flag itself are left out: they change nothing for users.
 */
export function digestOf(
  plan: Pick<Plan, "ref" | "before" | "forward" | "reverse">,
  { contractHash, rolesHash }: Governing,
): Digest {
  const { ref, before, forward, reverse } = plan;
  const text = canonicalize({
    flag: ref.key,
    environment: [ref.project, ref.environment, ref.environmentId],
    revision: before.flag.revision,
    before: behaviourOf(before.flag),
    segments: before.segments.map(segmentState).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    forward,
    reverse,
    contractHash,
    rolesHash,
  });
  if (text === undefined) throw new Error("A plan must be expressible as JSON");
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

/** Segments have no revision, so the time of their last change stands in for one. */
function segmentState({ id, included, excluded, rules, updatedAt, isArchived }: Segment) {
  return { id, included, excluded, rules, updatedAt, isArchived };
}

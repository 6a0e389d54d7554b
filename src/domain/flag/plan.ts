import { z } from "zod";
import { applyCall, FlagCall, invertCall } from "./call.ts";
import { holdsCredential, withCleanName, withCleanWords } from "./credentials-of.ts";
import { targetWords } from "./describe-flag.ts";
import { diffFlags } from "./diff-flags.ts";
import { Exposure, exposureOf } from "./exposure.ts";
import { faultsOf } from "./faults-of.ts";
import { Flag, FlagRef, FlagSnapshot, sameBehaviour, sameJson, type Segment, segmentIdsOf } from "./flag.ts";
import { ruleTitle, variationName } from "./flag-words.ts";
import { forwardCall } from "./forward-call.ts";
import { isRestore, Operation, type RestoreOperation, type Tool } from "./operation.ts";
import { headedLines, plainName, plainText } from "./plain-text.ts";
import { refused, type Refused } from "./refused.ts";

/**
 * The exact form of a change. `before.segments` holds every segment that the flag names before **or**
 * after, so that a segment the change starts to use is watched for staleness too. `after` keeps the old
 * revision and times. `diff` and `reverseDiff` are plain text, one fact a line, ≤ 200 characters each.
 */
export const Plan = z.strictObject({
  ref: FlagRef,
  operation: Operation,
  before: FlagSnapshot,
  forward: FlagCall,
  after: Flag,
  reverse: FlagCall,
  diff: z.array(z.string()),
  reverseDiff: z.array(z.string()),
  exposure: Exposure,
});
export type Plan = z.infer<typeof Plan>;

export type Compiled = { kind: "plan"; plan: Plan } | Refused;

/**
 * Turns an operation into its plan, or says why it must not run. `extraSegments` supplies segments that
 * the flag does not name yet: the one of `flag.limit_to_segment`, or those of a state to be restored.
 */
export function compile(
  operation: Operation,
  snapshot: FlagSnapshot,
  extraSegments: readonly Segment[] = [],
): Compiled {
  const { ref, flag } = snapshot;
  if (flag.isArchived && operation.tool !== "flag.archive") {
    return refused("archived_flag", `Flag ${plainName(flag.key)} is archived; restore it in FeatBit first.`);
  }
  const known = [...snapshot.segments, ...extraSegments];
  const forward = callOf(operation, flag, known);
  if ("kind" in forward) return forward;

  const after = applyCall(flag, forward);
  if (sameBehaviour(flag, after)) {
    return refused("no_effect", `Flag ${plainName(flag.key)} is already so; there is nothing to change.`);
  }
  const segments = segmentsFor(flag, after, known);
  if ("kind" in segments) return segments;
  const stopped = malformed(after, "would be") ?? hidden(operation, flag, forward) ?? holdsCredential(flag);
  if (stopped !== null) return stopped;

  return {
    kind: "plan",
    plan: {
      ref,
      operation,
      before: { ref, flag: withCleanWords(flag), segments: segments.map(withCleanName) },
      forward,
      after: withCleanWords(after),
      reverse: invertCall(forward, flag),
      diff: diffLines(flag, after, segments, forward),
      reverseDiff: diffLines(after, flag, segments, forward),
      exposure: exposureOf(flag, after, segments),
    },
  };
}

/** Ids of the segments to read, beside those the flag names now, before asking whether a plan is stale. */
export function segmentIdsUsed(plan: Plan): string[] {
  return plan.before.segments.map((segment) => segment.id);
}

function callOf(operation: Operation, flag: Flag, segments: readonly Segment[]): FlagCall | Refused {
  if (isRestore(operation)) return restoreCall(operation);
  return malformed(flag, "is") ?? forwardCall(operation, flag, segments);
}

function restoreCall({ tool, restores }: RestoreOperation): FlagCall | Refused {
  if (callKinds(tool, restores)) return restores;
  return refused(
    "invalid_arguments",
    `A ${tool} cannot restore this state; use the tool of the change to undo.`,
  );
}

function callKinds(tool: Tool, call: FlagCall): boolean {
  if (tool === "flag.turn_on" || tool === "flag.turn_off") {
    return call.call === "toggle" && call.enabled === (tool === "flag.turn_on");
  }
  if (tool === "flag.archive") return call.call === "archive";
  return call.call === (tool === "flag.set_off_variation" ? "off_variation" : "targeting");
}

/** A restored state is judged by what it leads to: it may be just what heals a malformed flag. */
function malformed(flag: Flag, verb: "is" | "would be"): Refused | null {
  const [first, ...more] = faultsOf(flag);
  if (first === undefined) return null;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return refused(
    "malformed_flag",
    `Flag ${plainName(flag.key)} ${verb} malformed: ${first}${others}. Correct it in FeatBit first.`,
  );
}

/** The segments that either side names, sorted by id; one that is newly named must be in use. */
function segmentsFor(before: Flag, after: Flag, known: readonly Segment[]): Segment[] | Refused {
  const old = segmentIdsOf(before);
  const used: Segment[] = [];
  for (const id of [...new Set([...old, ...segmentIdsOf(after)])].toSorted()) {
    const segment = known.find((candidate) => candidate.id === id);
    if (segment === undefined) {
      return refused("unknown_segment", `The flag names segment ${plainName(id)}, which could not be read.`);
    }
    if (segment.isArchived && !old.includes(id)) {
      return refused(
        "archived_segment",
        `Segment "${plainName(segment.name)}" is archived; restore it or choose another.`,
      );
    }
    used.push(segment);
  }
  return used;
}

function hidden(operation: Operation, flag: Flag, forward: FlagCall): Refused | null {
  if (flag.isEnabled || forward.call !== "targeting" || isRestore(operation)) return null;
  return refused(
    "hidden_while_off",
    `Flag ${plainName(flag.key)} is off: everyone gets ${variationName(flag, flag.disabledVariationId)}, and the change ` +
      "would act unseen when somebody turns it on. Turn the flag on first, or set the off variation.",
  );
}

/** For a targeting call also what stays, because the call replaces all of it. */
function diffLines(before: Flag, after: Flag, segments: readonly Segment[], call: FlagCall): string[] {
  const lines = diffFlags(before, after, segments);
  if (call.call !== "targeting") return lines;
  for (const rule of after.rules) {
    const old = before.rules.find(({ id }) => id === rule.id);
    if (old !== undefined && sameJson(old, rule)) lines.push(plainText(`${ruleTitle(rule)} unchanged`));
  }
  if (sameJson(before.fallthrough, after.fallthrough)) lines.push("Default rule unchanged");
  if (sameJson(before.targetUsers, after.targetUsers)) {
    lines.push(...headedLines("Individual targets unchanged", targetWords(after), "; "));
  }
  return lines;
}

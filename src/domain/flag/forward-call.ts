import type { FlagCall } from "./call.ts";
import { type Flag, type RolloutVariation, type Segment, type Targeting, targetingOf } from "./flag.ts";
import { percentWords, someOf, variationName } from "./flag-words.ts";
import { limitToSegment } from "./limit-to-segment.ts";
import type { Share, ToolOperation, ToolOperationOf } from "./operation.ts";
import { plainName } from "./plain-text.ts";
import { type Refused, refused, unknownVariation } from "./refused.ts";
import { reslice, TOLERANCE } from "./reslice.ts";
import { movedShare, type Spread, WHOLE, wholeSlice } from "./rollout.ts";
import { servedBy } from "./served-by.ts";
import { addTargets, removeTargets } from "./target-call.ts";

/** The one FeatBit call that carries out an operation on this flag, or why there is none. */
export function forwardCall(
  operation: ToolOperation,
  flag: Flag,
  segments: readonly Segment[],
): FlagCall | Refused {
  switch (operation.tool) {
    case "flag.turn_on":
      return { call: "toggle", enabled: true };
    case "flag.turn_off":
      return { call: "toggle", enabled: false };
    case "flag.set_rollout":
      return setRollout(operation, flag);
    case "flag.serve_variation":
      return serveVariation(operation, flag);
    case "flag.limit_to_segment":
      return limitToSegment(operation, flag, segments);
    case "flag.add_targets":
      return addTargets(operation, flag);
    case "flag.remove_targets":
      return removeTargets(operation, flag);
    case "flag.set_off_variation":
      return (
        unknownVariation(flag, operation.variationId) ?? {
          call: "off_variation",
          variationId: operation.variationId,
        }
      );
    case "flag.disable_tool":
      return disableTool(operation, flag);
    case "flag.archive":
      return archive(flag);
  }
}

function setRollout({ rule, shares }: ToolOperationOf<"flag.set_rollout">, flag: Flag): FlagCall | Refused {
  for (const { variationId } of shares) {
    const unknown = unknownVariation(flag, variationId);
    if (unknown !== null) return unknown;
  }
  const wanted = widthsOf(shares);
  if (typeof wanted === "string") return refused("invalid_rollout", wanted);
  return respread(rule, flag, (spread) => reslice(wanted, spread, flag));
}

/** Thousandths of a percent per variation, or what is wrong with the shares. */
function widthsOf(shares: readonly Share[]): Map<string, number> | string {
  const widths = new Map<string, number>();
  for (const { variationId, percent } of shares) {
    const width = Math.round(percent * 1000);
    if (Math.abs(percent * 1000 - width) > 1e-6) {
      return `${percent}% has more than three decimals, which FeatBit cannot show; round it.`;
    }
    if (widths.has(variationId)) return "The rollout names a variation twice; give each one share.";
    widths.set(variationId, width);
  }
  const sum = [...widths.values()].reduce((total, width) => total + width, 0);
  if (sum === WHOLE) return widths;
  return `The shares add up to ${percentWords(sum / 1000)}; they must add up to 100%.`;
}

function serveVariation(
  { rule, variationId }: ToolOperationOf<"flag.serve_variation">,
  flag: Flag,
): FlagCall | Refused {
  return (
    unknownVariation(flag, variationId) ??
    respread(rule, flag, (spread) => reslice(new Map([[variationId, WHOLE]]), spread, flag))
  );
}

/** Replaces the slices of one rule, or of the default rule, and nothing else. */
function respread(
  ruleId: string | null,
  flag: Flag,
  slice: (spread: Spread) => RolloutVariation[] | Refused,
): FlagCall | Refused {
  const targeting = targetingOf(flag);
  const { fallthrough, rules } = targeting;
  const spread = ruleId === null ? fallthrough : rules.find((rule) => rule.id === ruleId);
  if (spread === undefined) {
    return refused(
      "unknown_rule",
      `The flag has no rule with the id ${plainName(String(ruleId))}; read it again.`,
    );
  }
  const variations = slice(spread);
  if (!Array.isArray(variations)) return variations;
  if (ruleId === null) return toTargeting({ ...targeting, fallthrough: { ...fallthrough, variations } });
  return toTargeting({
    ...targeting,
    rules: rules.map((rule) => (rule.id === ruleId ? { ...rule, variations } : rule)),
  });
}

function disableTool({ variationId }: ToolOperationOf<"flag.disable_tool">, flag: Flag): FlagCall | Refused {
  const unknown = unknownVariation(flag, variationId);
  if (unknown !== null) return unknown;
  if (!flag.isEnabled && flag.disabledVariationId !== variationId) {
    return refused(
      "needs_two_calls",
      "The flag is off and its off variation is another one: to block for everyone, set the off variation instead.",
    );
  }
  if (!flag.isEnabled)
    return refused("no_effect", "The flag is off and serves the blocking variation to everyone.");
  const fallthrough = { ...flag.fallthrough, variations: [wholeSlice(variationId)] };
  const blocking = movedShare(flag.fallthrough, fallthrough) < TOLERANCE ? flag.fallthrough : fallthrough;
  return toTargeting({ ...targetingOf(flag), targetUsers: [], rules: [], fallthrough: blocking });
}

/** One variation for everyone is what can be written into the code in the flag's place. */
function archive(flag: Flag): FlagCall | Refused {
  const served = [...servedBy(flag)].map((id) => variationName(flag, id));
  if (served.length === 1) return { call: "archive", archived: true };
  return refused(
    "still_decides",
    `Flag ${plainName(flag.key)} still decides: it serves ${someOf(served)}. Serve one variation to everyone, or turn it off, before archiving it.`,
  );
}

function toTargeting(targeting: Targeting): FlagCall {
  return { call: "targeting", targeting };
}

import type { Flag, Segment } from "../../domain/flag/flag.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { WireFlag, WireSegment } from "./wire.ts";

/**
 * @throws OpsError `bad_answer`, not retryable, for a rule with `conditions: null`: the domain has no form for
 * it, and FeatBit answers 500 to every evaluation in that environment (contract §0.5).
 */
export function toFlag(wire: WireFlag): Flag {
  return {
    ...wire,
    rules: wire.rules.map((rule) => {
      if (rule.conditions === null) {
        throw new OpsError(
          "bad_answer",
          `Flag ${plainName(wire.key)} has a rule "${plainName(rule.name)}" without conditions (null): ` +
            "remove or rewrite this rule in FeatBit.",
          { retryable: false },
        );
      }
      return { ...rule, conditions: rule.conditions };
    }),
  };
}

export function toSegment(wire: WireSegment): Segment {
  return wire;
}

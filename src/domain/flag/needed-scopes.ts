import type { FlagCall } from "./call.ts";
import { type Flag, sameJson } from "./flag.ts";

/**
 * The IAM actions that FeatBit asks for before it takes this call, sorted; for `targeting` it decides them from the
 * difference (FeatBit contract §1.3).
 */
export function neededScopes(call: FlagCall, before: Flag): string[] {
  switch (call.call) {
    case "toggle":
      return ["ToggleFlag"];
    case "archive":
      return [call.archived ? "ArchiveFlag" : "RestoreFlag"];
    case "off_variation":
      return ["UpdateFlagOffVariation"];
    case "targeting": {
      const { fallthrough, targetUsers, rules } = call.targeting;
      return [
        ...(sameJson(fallthrough, before.fallthrough) ? [] : ["UpdateFlagDefaultRule"]),
        ...(sameJson(targetUsers, before.targetUsers) ? [] : ["UpdateFlagIndividualTargeting"]),
        ...(sameJson(rules, before.rules) ? [] : ["UpdateFlagTargetingRules"]),
      ];
    }
  }
}

import type { FlagCall } from "./call.ts";
import { type Flag, sameJson } from "./flag.ts";
import type { Tool } from "./operation.ts";

/**
 * The tool whose governance contract rules a write that restores what one of our writes overwrote. What was lost
 * need not be of the kind of our own change: somebody may have added a target while we turned the flag off.
 */
export function restoringTool(call: FlagCall, current: Flag): Tool {
  switch (call.call) {
    case "toggle":
      return call.enabled ? "flag.turn_on" : "flag.turn_off";
    case "off_variation":
      return "flag.set_off_variation";
    case "archive":
      return "flag.archive";
    case "targeting": {
      const { rules, fallthrough } = call.targeting;
      if (!sameJson(rules, current.rules)) return "flag.limit_to_segment";
      return sameJson(fallthrough, current.fallthrough) ? "flag.add_targets" : "flag.set_rollout";
    }
  }
}

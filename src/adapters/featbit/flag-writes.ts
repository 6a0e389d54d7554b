import type { FlagCall } from "../../domain/flag/call.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { flagPath } from "./rest-client.ts";

/** The one request that carries out a plan. */
export interface FlagWrite {
  path: string;
  body: Record<string, unknown>;
  /** The FeatBit permissions it needs. */
  needs: string;
}

/** A toggle takes no revision; the others are refused with 409 when the flag has moved. */
export function writeOf({ ref, before, forward }: Plan, comment: string): FlagWrite {
  const flag = flagPath(ref.environmentId, ref.key);
  const { revision } = before.flag;
  const { suffix, body, needs } = requestOf(forward);
  const checked = forward.call === "toggle" ? {} : { revision };
  return { path: `${flag}/${suffix}`, body: { ...checked, ...body, comment }, needs };
}

function requestOf(call: FlagCall): { suffix: string; body: Record<string, unknown>; needs: string } {
  switch (call.call) {
    case "toggle":
      return { suffix: `toggle/${call.enabled}`, body: {}, needs: "ToggleFlag" };
    case "targeting":
      return {
        suffix: "targeting",
        body: { targeting: call.targeting },
        needs: "UpdateFlagDefaultRule, UpdateFlagIndividualTargeting and UpdateFlagTargetingRules",
      };
    case "off_variation":
      return {
        suffix: "off-variation",
        body: { offVariationId: call.variationId },
        needs: "UpdateFlagOffVariation",
      };
  }
}

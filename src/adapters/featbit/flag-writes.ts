import { z } from "zod";
import type { FlagCall } from "../../domain/flag/call.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { flagPath } from "./rest-client.ts";

/** The one request that carries out a plan. */
export interface FlagWrite {
  path: string;
  body: Record<string, unknown>;
  /** The FeatBit permissions it needs. */
  needs: string;
  /** What FeatBit answers: the flag's new revision; null where it says no more than yes. */
  answer: z.ZodType<string | null>;
}

const Revision = z.string().min(1);
const Yes = z.literal(true).transform(() => null);

/** Whether FeatBit refuses the call with 409 when the flag has moved; the others succeed, if need be by doing nothing. */
export function isRevisionChecked({ call }: FlagCall): boolean {
  return call === "targeting" || call === "off_variation";
}

export function writeOf({ ref, before, forward }: Plan, comment: string): FlagWrite {
  const flag = flagPath(ref.environmentId, ref.key);
  const { revision } = before.flag;
  const { suffix, body, needs } = requestOf(forward);
  const checked = isRevisionChecked(forward) ? { revision } : {};
  return {
    path: `${flag}/${suffix}`,
    body: { ...checked, ...body, comment },
    needs: `${needs} on project/${ref.project}:env/${ref.environment}:flag/*`,
    answer: forward.call === "archive" ? Yes : Revision,
  };
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
    case "archive":
      return call.archived
        ? {
            suffix: "archive",
            body: {},
            needs: "ArchiveFlag (a right of its own, and RestoreFlag with it to undo)",
          }
        : { suffix: "restore", body: {}, needs: "RestoreFlag (a right of its own)" };
  }
}

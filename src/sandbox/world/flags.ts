import type { Seed } from "../featbit/seed.ts";
import type { Variation } from "../featbit/world.ts";
import { checkoutFlag } from "../services/checkout.ts";
import { searchFlag } from "../services/search.ts";
import { supportFlag } from "../services/support-assistant.ts";
import { emailOf } from "./people.ts";

/** The environment the shop runs in, and the one where Signalman's own controls live. */
export const shopEnvironment = "shop/prod";
export const controlsEnvironment = "signalman/prod";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Two variations with fixed ids, so that a seeded flag can name them. */
function pair(prefix: string, first: string, second: string): [Variation, Variation] {
  return [
    { id: `${prefix}-0000-4000-8000-000000000001`, name: first, value: first },
    { id: `${prefix}-0000-4000-8000-000000000002`, name: second, value: second },
  ];
}

export const supportVariations = pair("5a0f0a10", supportFlag.baseline, supportFlag.suspect);

export const internalSegmentId = "7d3c1f0e-0000-4000-8000-0000000000aa";

/** What FeatBit holds when the curtain rises: everything healthy, as it was a month ago. */
export function shopSeed(now: number): Seed {
  const createdAt = new Date(now - 30 * day);
  const [baseline] = supportVariations;
  const [on, off] = [
    { id: "c4ec0000-0000-4000-8000-000000000001", name: "On", value: "true" },
    { id: "c4ec0000-0000-4000-8000-000000000002", name: "Off", value: "false" },
  ];
  const [searchOn, searchOff] = [
    { id: "5ea0c400-0000-4000-8000-000000000001", name: "On", value: "true" },
    { id: "5ea0c400-0000-4000-8000-000000000002", name: "Off", value: "false" },
  ];
  return {
    segments: [
      {
        id: internalSegmentId,
        env: shopEnvironment,
        key: "internal-users",
        name: "Internal users",
        rules: [
          {
            id: "7d3c1f0e-0000-4000-8000-0000000000ab",
            name: "Staff",
            conditions: [
              {
                id: "7d3c1f0e-0000-4000-8000-0000000000ac",
                property: "team",
                op: "Equal",
                value: "internal",
              },
            ],
          },
        ],
        createdAt,
      },
    ],
    flags: [
      {
        env: shopEnvironment,
        key: supportFlag.key,
        name: "Support answer profile",
        description: "Which retrieval profile answers support questions",
        variationType: "string",
        variations: [...supportVariations],
        isEnabled: true,
        disabledVariationId: baseline.id,
        tags: ["support", "ai"],
        fallthrough: wholly(baseline.id),
        createdAt,
        by: emailOf("chen"),
      },
      {
        env: shopEnvironment,
        key: checkoutFlag.key,
        name: "One-click checkout",
        variations: [on, off],
        isEnabled: false,
        disabledVariationId: off.id,
        tags: ["checkout"],
        fallthrough: wholly(on.id),
        createdAt,
        by: emailOf("chen"),
      },
      {
        env: shopEnvironment,
        key: searchFlag.key,
        name: "New search ranking",
        variations: [searchOn, searchOff],
        isEnabled: false,
        disabledVariationId: searchOff.id,
        tags: ["search"],
        fallthrough: wholly(searchOn.id),
        createdAt,
        by: emailOf("pavel"),
      },
      ...controlFlags(createdAt),
    ],
  };
}

/** Signalman's own controls, raised so that a change may be drafted and approved. */
function controlFlags(createdAt: Date): NonNullable<Seed["flags"]> {
  const control = (key: string, index: number, type: string, values: string[], served: number) => {
    const variations = values.map((value, at) => ({
      id: `0c0a${index}00${at}-0000-4000-8000-000000000000`,
      name: value,
      value,
    }));
    const safest = variations[0];
    const serving = variations[served];
    if (safest === undefined || serving === undefined)
      throw new Error(`control ${key} has no variation ${served}`);
    return {
      env: controlsEnvironment,
      key,
      name: key,
      variationType: type,
      variations,
      isEnabled: true,
      disabledVariationId: safest.id,
      tags: ["signalman", "signalman-controls"],
      fallthrough: wholly(serving.id),
      createdAt,
      by: emailOf("ruth"),
    };
  };
  const modes = ["search_only", "off", "observe", "fallback", "draft_write", "approval_required"];
  return [
    control("signalman-mode", 1, "string", modes, 5),
    control("signalman-approval-required", 2, "boolean", ["true", "false"], 0),
    control("signalman-denied-tools", 3, "json", ["[]", '["flag.turn_on"]'], 0),
    control("signalman-prompt-profile", 4, "string", ["default"], 0),
    control("signalman-model-route", 5, "string", ["default"], 0),
    control("signalman-investigation", 6, "boolean", ["false", "true"], 0),
  ];
}

export function wholly(variationId: string) {
  return {
    dispatchKey: null,
    includedInExpt: true,
    variations: [{ id: variationId, rollout: [0, 1] as [number, number], exptRollout: 1 }],
  };
}

/** The default rule of the support flag with `suspectPercent` of the users on the suspect. */
export function supportSplit(suspectPercent: number) {
  const [baseline, suspect] = supportVariations;
  if (suspectPercent === 0) return wholly(baseline.id);
  const edge = 1 - suspectPercent / 100;
  return {
    dispatchKey: null,
    includedInExpt: true,
    variations: [
      { id: baseline.id, rollout: [0, edge] as [number, number], exptRollout: 1 },
      { id: suspect.id, rollout: [edge, 1] as [number, number], exptRollout: 1 },
    ],
  };
}

/** What people did to the flags, minutes before the alerts: two real causes and one innocent bystander. */
export const mishaps = {
  support: { minutesAgo: 9, by: "chen", comment: "Try reranker_v2 on a tenth of the users" },
  checkout: { minutesAgo: 6, by: "maya", comment: "One-click checkout for everybody" },
  search: { minutesAgo: 24, by: "pavel", comment: "New ranking, quality looks the same" },
  /** The bad deploy of search. */
  searchDeploy: { minutesAgo: 5 },
} as const;

export function minutesBefore(now: number, minutes: number): Date {
  return new Date(now - minutes * minute);
}

type Variation = { id: string; name: string; value: string };

/** A flag as FeatBit's evaluation server sends it: `share` of the users get the second variation, staff as told. */
export function sentFlag(options: {
  key: string;
  type: "boolean" | "string";
  values: readonly [string, string];
  share: number;
  staffGet?: string;
  enabled?: boolean;
}): Record<string, unknown> {
  const { key, type, values, share, staffGet, enabled = true } = options;
  const variations: Variation[] = values.map((value, index) => ({ id: `v${index}`, name: value, value }));
  const split = [
    { id: "v0", rollout: [0, 1 - share], exptRollout: 1 },
    { id: "v1", rollout: [1 - share, 1], exptRollout: 1 },
  ];
  const staffVariation = variations.find(({ value }) => value === staffGet);
  return {
    id: key,
    key,
    name: key,
    variationType: type,
    variations,
    targetUsers: [],
    rules:
      staffVariation === undefined
        ? []
        : [
            {
              id: "r1",
              name: "staff",
              dispatchKey: null,
              includedInExpt: false,
              conditions: [{ id: "c1", property: "team", op: "Equal", value: "internal" }],
              variations: [{ id: staffVariation.id, rollout: [0, 1], exptRollout: 1 }],
            },
          ],
    isEnabled: enabled,
    disabledVariationId: "v0",
    fallthrough: {
      dispatchKey: null,
      includedInExpt: false,
      variations: split.filter(({ rollout }) => rollout[0] !== rollout[1]),
    },
    exptIncludeAllTargets: true,
    tags: [],
    isArchived: false,
    updatedAt: "2026-01-01T00:00:00.000Z",
  };
}

export function flagDocument(...featureFlags: Record<string, unknown>[]): string {
  return JSON.stringify({
    messageType: "data-sync",
    data: { eventType: "full", featureFlags, segments: [] },
  });
}

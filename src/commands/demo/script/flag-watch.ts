import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { FlagEvaluator } from "../../../sandbox/services/flag-evaluator.ts";
import { createPopulation } from "../../../sandbox/services/population.ts";
import type { World } from "../../../sandbox/world/create-world.ts";
import { Unexpected } from "./steps.ts";

/** What decides who gets what, as FeatBit's REST API writes it. */
const WireFlag = z.object({
  isEnabled: z.boolean(),
  isArchived: z.boolean(),
  variationType: z.string(),
  variations: z.array(z.object({ id: z.string(), name: z.string(), value: z.string().nullable() })),
  disabledVariationId: z.string(),
  targetUsers: z.array(z.unknown()),
  rules: z.array(z.looseObject({ name: z.string() })),
  fallthrough: z.looseObject({
    variations: z.array(z.looseObject({ id: z.string(), rollout: z.array(z.number()) })),
  }),
  exptIncludeAllTargets: z.boolean(),
});
export type WireFlag = z.infer<typeof WireFlag>;
const WireAnswer = z.object({ success: z.literal(true), data: WireFlag });

/** Which variation each of the shop's users gets. */
export type Served = ReadonlyMap<string, string>;

export interface FlagWatch {
  read(key: string): Promise<WireFlag>;
  /** Asks the official SDK for every user of the shop; `internal` users and the others apart. */
  served(key: string): Promise<{ internal: Served; others: Served }>;
}

/** Looks at flags as outsiders do: FeatBit's REST API, and the official SDK. None of Signalman's code is in between. */
export function createFlagWatch(
  { featbit, environmentId, readToken }: World,
  flags: FlagEvaluator,
): FlagWatch {
  const population = createPopulation();
  return {
    async read(key) {
      const response = await fetch(`${featbit.apiUrl}/api/v1/envs/${environmentId}/feature-flags/${key}`, {
        headers: { authorization: readToken },
      });
      const answer = WireAnswer.safeParse(await response.json());
      if (!answer.success)
        throw new Unexpected(`FeatBit answered ${response.status}: ${answer.error.message}`);
      return answer.data.data;
    },
    async served(key) {
      const internal = new Map<string, string>();
      const others = new Map<string, string>();
      for (const { sdkUser, internal: isInternal } of population) {
        (isInternal ? internal : others).set(sdkUser.key, await flags.stringValue(key, sdkUser, "no answer"));
      }
      return { internal, others };
    },
  };
}

/** "490 of 490 get baseline"; throws unless all of them do. */
export function allGet(served: Served, who: string, value: string): string {
  const getting = [...served.values()].filter((each) => each === value).length;
  const words = `${getting} of ${served.size} ${who} get ${value}`;
  if (getting !== served.size || served.size === 0) throw new Unexpected(words);
  return words;
}

/** Throws with the names of the fields that differ. */
export function sameFieldForField(before: WireFlag, now: WireFlag): string {
  const fields = WireFlag.keyof().options;
  const differing = fields.filter((field) => !isDeepStrictEqual(before[field], now[field]));
  if (differing.length > 0) {
    const states = `before: ${JSON.stringify(before)}\nnow: ${JSON.stringify(now)}`;
    throw new Unexpected(`different in ${differing.join(", ")}`, states);
  }
  return `${fields.length} fields equal: ${fields.join(", ")}`;
}

export function sameServed(before: Served, now: Served): string {
  const moved = [...before].filter(([user, value]) => now.get(user) !== value).length;
  if (moved > 0 || before.size !== now.size)
    throw new Unexpected(`${moved} of ${before.size} users get something else`);
  return `all ${before.size} users`;
}

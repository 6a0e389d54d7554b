import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Flag } from "../../../src/domain/flag/flag.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { createWorld, flagKey } from "../../unit/pipeline/world.ts";

const share = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100);

/** What a person may do to the flag in FeatBit between the click and the write. */
const edit: fc.Arbitrary<Partial<Flag>> = fc.oneof(
  fc.constant({ isEnabled: false }),
  fc.constant({ isArchived: true }),
  fc.constant({ disabledVariationId: "on" }),
  fc.constant({ exptIncludeAllTargets: false }),
  fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }).map((keyIds) => ({
    targetUsers: [{ keyIds, variationId: "off" }],
  })),
  share.map((end) => ({
    fallthrough: {
      dispatchKey: null,
      includedInExpt: true,
      variations: [
        { id: "on", rollout: [0, end] as [number, number], exptRollout: 1 },
        { id: "off", rollout: [end, 1] as [number, number], exptRollout: 1 },
      ],
    },
  })),
  // A new revision that changes nothing for users: somebody wrote all the same.
  fc.string({ maxLength: 20 }).map((description) => ({ description })),
);

test("an approved change is written exactly if nobody touched the flag since it was drafted", async () => {
  let stopped = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 3 }), fc.boolean(), async (edits, beforeTheClick) => {
      const world = createWorld();
      const id = await world.propose();
      const spoil = () => edits.forEach((change) => world.flags.edit(flagKey, change));
      if (beforeTheClick) spoil();
      await world.vote(id);
      if (!beforeTheClick) spoil();
      await world.execute(id);
      const touched = edits.length > 0;
      stopped += touched ? 1 : 0;
      expect(world.flags.writes).toHaveLength(touched ? 0 : 1);
      expect((await world.change(id)).status).toBe(touched ? "superseded" : "applied");
    }),
    seeded("stale means stop", 1000),
  );
  expect(stopped).toBeGreaterThan(100);
});

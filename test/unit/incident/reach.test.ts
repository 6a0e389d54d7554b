import { expect, test } from "vitest";
import { outOfReach, placeWithinReach, reachesOf, withinReach } from "../../../src/domain/reach.ts";
import { SourceReach } from "../../../src/domain/source.ts";

const flag = { project: "shop", environment: "prod", key: "checkout_one_click" };
const all = SourceReach.parse({});
const staging = SourceReach.parse({ environments: ["staging"] });
const search = SourceReach.parse({ flags: ["search_reranker"] });

test.each([
  ["everything, by default", all, true],
  [
    "what is named",
    SourceReach.parse({ projects: ["shop"], environments: ["prod"], flags: [flag.key] }),
    true,
  ],
  ["another project only", SourceReach.parse({ projects: ["docs"] }), false],
  ["another environment only", staging, false],
  ["another flag only", search, false],
])("a source reaches %s", (_, reach, reached) => {
  expect(placeWithinReach(reach, flag) && withinReach(reach, flag.key)).toBe(reached);
  expect(outOfReach(flag, [all, reach]) === null).toBe(reached);
});

test("an incident reaches as far as all of its sources do, and nowhere for one that is not declared", () => {
  const sources = [
    { id: "a", mayLeadTo: all },
    { id: "b", mayLeadTo: search },
  ];
  expect(outOfReach(flag, reachesOf({ sources: ["a"] }, sources))).toBeNull();
  expect(outOfReach(flag, reachesOf({ sources: ["a", "b"] }, sources))).toMatch(/may not lead/);
  expect(outOfReach(flag, reachesOf({ sources: ["gone"] }, sources))).toMatch(/may not lead/);
  expect(outOfReach(flag, reachesOf({ sources: [] }, sources))).toBeNull();
});

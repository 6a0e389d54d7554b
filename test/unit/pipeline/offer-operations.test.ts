import { describe, expect, it, test } from "vitest";
import { staleBecause } from "../../../src/domain/flag/stale-because.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { operationsFor } from "../../../src/pipeline/people/offer-operations.ts";
import { Service } from "../../../src/domain/service.ts";
import { onFlag, snapshotOf } from "../../support/change-fixtures.ts";

const service = Service.parse({
  name: "checkout",
  owner: "Checkout",
  environments: { production: { project: "shop", environment: "prod" } },
  sources: [{ id: "alertmanager" }],
});
const nothing = { percent: null, userKeys: [] };

describe("what a person may ask of a flag", () => {
  const snapshot = snapshotOf(onFlag());
  const offered = operationsFor(snapshot, [], service);

  it("is offered only where it can be compiled, each under a name of its own", () => {
    expect(new Set(offered.map(({ id }) => id)).size).toBe(offered.length);
    const ready = offered.filter((each) => each.needs === null);
    expect(ready.length).toBeGreaterThan(3);
    for (const each of ready) {
      const operation = each.operationOf(nothing);
      if (operation === null) throw new Error("an operation that needs nothing makes none");
      expect(compile(operation, snapshot)).toMatchObject({ kind: "plan", plan: { diff: each.diff } });
    }
  });

  it("is what the flag is not already", () => {
    const ids = offered.map(({ id }) => id);
    expect(ids).toContain("toggle");
    expect(offered.find(({ id }) => id === "toggle")?.operationOf(nothing)).toEqual({
      tool: "flag.turn_off",
    });
    expect(ids).not.toContain("serve:on");
    expect(ids).toContain("serve:off");
    expect(ids).not.toContain("off:off");
  });

  it("takes a share or users only once they are named", () => {
    const share = offered.find(({ id }) => id === "share:on");
    expect(share?.operationOf(nothing)).toBeNull();
    const operation = share?.operationOf({ percent: 25, userKeys: [] });
    expect(operation).toEqual({
      tool: "flag.set_rollout",
      rule: null,
      shares: [
        { variationId: "on", percent: 25 },
        { variationId: "off", percent: 75 },
      ],
    });
    const users = offered.find(({ id }) => id === "flag.add_targets:off");
    expect(users?.operationOf(nothing)).toBeNull();
    expect(users?.operationOf({ percent: null, userKeys: ["u1"] })).toMatchObject({ userKeys: ["u1"] });
  });
});

test.each([
  ["one answer for everybody, for a month", {}, 30, "everyone gets On, and has for 30 days"],
  ["one answer for everybody, for less", {}, 29, null],
  ["switched off for a month", { isEnabled: false }, 31, "everyone gets Off, and has for 31 days"],
  ["a permanent one", { tags: ["permanent"] }, 400, null],
  ["an archived one", { isArchived: true }, 400, null],
  [
    "one that still decides, untouched for long",
    { targetUsers: [{ variationId: "off", keyIds: ["u1"] }] },
    90,
    "unchanged for 90 days",
  ],
  [
    "one that still decides, touched lately",
    { targetUsers: [{ variationId: "off", keyIds: ["u1"] }] },
    89,
    null,
  ],
])("a flag to be looked at again: %s", (_, over, days, expected) => {
  const now = Date.parse(onFlag().updatedAt) + days * 86_400_000;
  expect(staleBecause(snapshotOf(onFlag(over)), now)).toBe(expected);
});

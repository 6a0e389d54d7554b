import { expect, test } from "vitest";
import { checkChain } from "../../../src/adapters/featbit/audit-chain.ts";
import type { FlagAuditEntry } from "../../../src/adapters/featbit/audit-log.ts";
import { lostParts, restoringCall } from "../../../src/adapters/featbit/lost-change.ts";
import type { Flag } from "../../../src/domain/flag/flag.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { onFlag } from "../../support/change-fixtures.ts";

const base = onFlag();
const ref = { project: "p", environment: "e", environmentId: "id", key: base.key };
const compiled = compile({ tool: "flag.turn_off" }, { ref, flag: base, segments: [] });
if (compiled.kind !== "plan") throw new Error("no plan");
const { plan } = compiled;

let at = Date.parse(base.updatedAt);
function entry(name: string, before: Flag, change: Partial<Flag>): FlagAuditEntry & { after: Flag } {
  const after = { ...before, ...change, revision: `rev-${name}` };
  return {
    auditId: name,
    at: toInstant((at += 1_000)),
    operation: "Update",
    comment: name,
    author: { name, email: null },
    before,
    after,
    revisionBefore: before.revision,
    revisionAfter: after.revision,
    unmapped: null,
  };
}

const targets = { targetUsers: [{ keyIds: ["eve"], variationId: "off" }] };

test("ours alone, and ours with later changes on top", () => {
  const own = entry("own", base, { isEnabled: false });
  expect(checkChain(plan, own, { current: own.after, entries: [own] })).toEqual({ kind: "intact" });
  const later = entry("later", own.after, targets);
  expect(checkChain(plan, own, { current: later.after, entries: [later, own] })).toEqual({ kind: "intact" });
});

test("an entry that a segment's change left on the flag is not a write", () => {
  const own = entry("own", base, { isEnabled: false });
  const bump = { ...entry("bump", own.after, {}), revisionAfter: own.revisionAfter };
  expect(checkChain(plan, own, { current: own.after, entries: [bump, own] })).toEqual({ kind: "intact" });
});

test("theirs overwritten, whichever entry came first", () => {
  const theirs = entry("theirs", base, targets);
  const own = entry("own", base, { isEnabled: false });
  for (const entries of [
    [own, theirs],
    [theirs, own],
  ]) {
    expect(checkChain(plan, own, { current: own.after, entries })).toMatchObject({
      kind: "broken",
      auditEntryId: "theirs",
      restore: { call: "targeting", targeting: targets },
    });
  }
});

test("two overwritten: both are told, and no single call is offered", () => {
  const one = entry("one", base, targets);
  const two = entry("two", base, { name: "Renamed" });
  const own = entry("own", base, { isEnabled: false });
  const chain = checkChain(plan, own, { current: own.after, entries: [own, two, one] });
  expect(chain).toMatchObject({ kind: "broken", restore: null });
  expect(JSON.stringify(chain)).toMatch(/Renamed.*Also overwritten, by one.*eve/);
});

test("ours overwritten", () => {
  const own = entry("own", base, { isEnabled: false });
  const theirs = entry("theirs", base, targets);
  expect(checkChain(plan, own, { current: theirs.after, entries: [theirs, own] })).toMatchObject({
    kind: "broken",
    auditEntryId: "own",
    lost: [
      expect.stringMatching(/^Our own change was overwritten/),
      expect.stringMatching(/^Flag: on → off/),
    ],
    restore: { call: "toggle", enabled: false },
  });
});

test("a later write without an entry: nothing is claimed, and how the flag stands is said", () => {
  const own = entry("own", base, { isEnabled: false });
  const unaudited = { ...own.after, isEnabled: true, revision: "rev-unknown" };
  expect(checkChain(plan, own, { current: unaudited, entries: [own] })).toMatchObject({
    kind: "unread",
    reason: expect.stringMatching(/It differs from what was approved: Flag: off → on/),
  });
});

test("FeatBit stored something else than was sent", () => {
  const own = entry("own", base, { isEnabled: false, ...targets });
  expect(checkChain(plan, own, { current: own.after, entries: [own] })).toMatchObject({
    kind: "broken",
    lost: ["FeatBit stored something else than was approved:", expect.stringMatching(/eve/)],
  });
});

test("what one call can bring back", () => {
  const changed = { ...base, ...targets };
  expect(restoringCall(base, changed, base)).toMatchObject({ call: "targeting", targeting: targets });
  expect(lostParts(base, changed, changed)).toEqual([]);
  const rival = { ...base, targetUsers: [{ keyIds: ["bob"], variationId: "off" }] };
  expect(restoringCall(base, changed, rival)).toBeNull();
  expect(restoringCall(base, { ...changed, isEnabled: false }, base)).toBeNull();
  expect(restoringCall(base, { ...base, disabledVariationId: "on" }, base)).toEqual({
    call: "off_variation",
    variationId: "on",
  });
  expect(restoringCall(base, { ...base, isArchived: true }, base)).toEqual({
    call: "archive",
    archived: true,
  });
  expect(restoringCall(base, { ...changed, isArchived: true }, base)).toBeNull();
  // The winner's targets stay when another part of targeting comes back.
  const withRule = { ...base, exptIncludeAllTargets: !base.exptIncludeAllTargets };
  expect(restoringCall(base, withRule, rival)).toMatchObject({
    call: "targeting",
    targeting: { targetUsers: rival.targetUsers, exptIncludeAllTargets: withRule.exptIncludeAllTargets },
  });
});

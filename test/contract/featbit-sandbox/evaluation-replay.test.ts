import { expect, test } from "vitest";
import { bucketOf } from "../../../src/sandbox/featbit/evaluation.ts";
import type { Rule, Targeting } from "../../../src/sandbox/featbit/world.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import { DEV, createReplay } from "./replay.ts";
import type { Replay } from "./replay.ts";
import { typed } from "../../support/typed.ts";

const entries = loadRecorded("evaluate");
const FLAG = { env: "shop/dev", key: "new-checkout" };
/** When the newest change of the recorded environment was made. */
const NEWEST_MS = Date.parse("2026-11-21T05:08:40.973Z") + 0.574;

const polled = entries.filter(isExchange).find(({ id }) => id === "poll-0");
type Polled = { featureFlags: (Targeting & PolledFlag)[]; segments: PolledSegment[] };
type PolledFlag = {
  id: string;
  name: string;
  key: string;
  variations: [];
  tags: string[];
  isArchived: boolean;
  isEnabled: boolean;
  updatedAt: string;
};
type PolledSegment = {
  id: string;
  name: string;
  included: string[];
  excluded: string[];
  rules: [];
  updatedAt: string;
};
const { featureFlags, segments } = typed<{ data: Polled }>(polled?.response.body).data;
const [on, off] = (featureFlags[0]?.variations ?? []).map(({ id }: { id: string }) => id);
if (!on || !off) throw new Error("the polled flag has two variations");

/** The environment as the polling entries saw it, with the recorded ids and times. */
async function createEnvironment(): Promise<Replay> {
  const replay = await createReplay({ now: () => NEWEST_MS });
  replay.sandbox.seed({
    flags: featureFlags.map((flag) => ({ ...flag, env: "shop/dev", createdAt: new Date(flag.updatedAt) })),
    segments: segments.map((segment) => ({
      ...segment,
      env: "shop/dev",
      key: "dev-seg",
      createdAt: new Date(segment.updatedAt),
    })),
  });
  for (const row of [...replay.sandbox.world.flags, ...replay.sandbox.world.segments]) {
    row.updatedAt =
      [...featureFlags, ...segments].find(({ id }) => id === row.id)?.updatedAt ?? row.updatedAt;
  }
  return replay;
}

const rollout = (...shares: [string, number, number][]) =>
  shares.map(([id, from, to]) => ({ id, rollout: [from, to], exptRollout: 1 }));
const share = (percent: number, dispatchKey: string | null = "keyId"): Partial<Targeting> => ({
  fallthrough: {
    dispatchKey,
    includedInExpt: true,
    variations: rollout([on, 0, percent], [off, percent, 1]),
  },
});
const only = (variations: ReturnType<typeof rollout>): Partial<Targeting> => ({
  fallthrough: { dispatchKey: null, includedInExpt: true, variations },
});
const rule = (name: string, conditions: Rule["conditions"]): Rule => ({
  id: name,
  name,
  dispatchKey: null,
  includedInExpt: false,
  conditions,
  variations: rollout([on, 0, 1]),
});
const when = (property: string, op: string, value: string) => ({ id: property, property, op, value });
const inSegment = (id: string) => when("User is in segment", "", JSON.stringify([id]));

const targeted: Partial<Targeting> = {
  ...share(0),
  targetUsers: [
    { variationId: on, keyIds: ["qa-1"] },
    { variationId: off, keyIds: ["qa-2"] },
  ],
  rules: [
    rule("EU beta", [when("country", "IsOneOf", '["FR","DE"]')]),
    rule("VIP seg", [inSegment(segments[0]?.id ?? "")]),
    rule("adult", [when("age", "BiggerEqualThan", "18")]),
  ],
};
const none = { targetUsers: [], rules: [] };
const TARGETED = ["target-user", "target-user-off", "target-user-case", "rule-country", "rule-country-case"];
const BY_RULE = ["rule-segment", "rule-segment-excluded", "rule-number", "rule-number-nan", "fallthrough"];

/** How the flag was targeted when an entry was recorded, as its `about` tells. */
const TARGETINGS: Record<string, Partial<Targeting>> = {
  "dispatch-null": share(0.25, null),
  "dispatch-attr": share(0.25, "country"),
  "dispatch-attr-missing": share(0.25, "country"),
  ...Object.fromEntries([...TARGETED, ...BY_RULE, "disabled", "archived"].map((id) => [id, targeted])),
  "no-variations": only([]),
  "ghost-variation": only(rollout(["does-not-exist", 0, 1])),
  "sum-below-1": only(rollout([on, 0, 0.3], [off, 0.3, 0.5])),
  "rule-no-conditions": { ...share(0), rules: [rule("nocond", [])] },
  "rule-null-conditions": { ...share(0), rules: [rule("nullcond", null)] },
  "rule-bad-op": { ...share(0), rules: [rule("odd", [when("x", "Frobnicate", "1")])] },
  "rule-unknown-segment": {
    ...share(0),
    rules: [rule("ghost", [inSegment("6f0e5a52-4c1d-4b52-9a38-0d4f1b2c3d4e")])],
  },
};

async function prepare(replay: Replay, id: string): Promise<void> {
  const percent = /^rollout-([\d.]+)-/.exec(id)?.[1];
  const targeting = percent ? share(Number(percent)) : (TARGETINGS[id] ?? share(0.25));
  await replay.person.retarget(FLAG, { ...none, ...targeting });
  await replay.person.toggle(FLAG, id !== "disabled");
  await (id === "archived" ? replay.person.archive(FLAG) : replay.person.restore(FLAG));
}

test("evaluates as the recorded evaluation server did", async () => {
  await using replay = await createEnvironment();
  const first = entries.findIndex(({ id }) => id === "poll-full");
  for (const entry of entries.slice(0, first).filter(isExchange)) {
    await prepare(replay, entry.id);
    await replay.check(entry);
  }
  process.stdout.write(`evaluation recordings: ${replay.compared} comparisons, none left out\n`);
  expect(Object.fromEntries(replay.failures)).toEqual({});
});

test("hashes as recorded", async () => {
  for (const entry of entries.filter(isExchange)) {
    const { keyId } = typed<{ user?: { keyId: string } } | undefined>(entry.request.body)?.user ?? {
      keyId: "",
    };
    const bucket = entry["expectedBucket"];
    if (typeof bucket !== "number" || entry.id === "dispatch-attr") continue;
    expect(bucketOf(`new-checkout${keyId}`), entry.id).toBe(bucket);
  }
  const counted = entries.find(({ id }) => id === "hash-agreement-300");
  const users = Array.from({ length: 300 }, (_, index) => `load-${index}`);
  expect(users.filter((user) => bucketOf(`new-checkout${user}`) <= 0.25)).toHaveLength(
    typed<number>(counted?.["on"]),
  );
  expect(bucketOf("new-checkoutFR")).toBe(
    entries.find(({ id }) => id === "dispatch-attr")?.["expectedBucket"],
  );
  expect(bucketOf("new-checkout")).toBe(
    entries.find(({ id }) => id === "dispatch-attr-missing")?.["expectedBucketEmpty"],
  );
});

test("polls, tracks and reports health as recorded", async () => {
  await using replay = await createEnvironment();
  const { apiUrl, evaluationUrl } = replay.sandbox;
  const first = entries.findIndex(({ id }) => id === "poll-full");
  const rest = entries.slice(first).filter(isExchange);
  for (const entry of rest) {
    const base = entry.id.startsWith("api-health") ? apiUrl : evaluationUrl;
    await replay.check(entry, { base });
  }
  process.stdout.write(`polling recordings: ${replay.compared} comparisons, none left out\n`);
  expect(Object.fromEntries(replay.failures)).toEqual({});
  expect(replay.sandbox.world.flags.every(({ envId }) => envId === DEV)).toBe(true);
  expect(replay.sandbox.insights.map(({ user }) => user.keyId)).toEqual(["user-2"]);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { createFeatBitReader } from "../../../src/adapters/featbit/featbit-reader.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { alice, checkout, type CheckoutWorld, createCheckoutWorld, keys } from "./checkout-world.ts";

let world: CheckoutWorld;
let logged: string[];
beforeEach(async () => {
  logged = [];
  world = await createCheckoutWorld({
    log: {
      info: () => undefined,
      warn: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
    },
  });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const person = () => world.featbit.as(alice);
const ago = (ms: number) => toInstant(Date.now() - ms);

test("references: keys are resolved once, and what is missing is named with what is there", async () => {
  const ref = await world.reader.refOf(keys, "new-checkout");
  expect(ref).toMatchObject({ ...keys, key: "new-checkout" });
  const asked = () => world.featbit.requests.filter(({ path }) => path === "/api/v1/projects").length;
  const before = asked();
  await world.reader.refOf({ ...keys, environment: "dev" }, "x");
  expect(asked()).toBe(before);
  await expect(world.reader.refOf({ project: "nope", environment: "prod" }, "x")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringMatching(/no project "nope" .*it shows: shop/),
  });
  await expect(world.reader.refOf({ project: "shop", environment: "qa" }, "x")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringMatching(/no environment "qa" in project "shop" .*it shows: .*dev/),
  });
});

test("a flag with its segments; null for one that is not there; odd keys stay one path segment", async () => {
  const snapshot = await world.read();
  expect(snapshot.flag).toMatchObject({
    key: "new-checkout",
    tags: ["checkout"],
    description: "d",
    isEnabled: true,
  });
  expect(snapshot.segments).toEqual([]);
  for (const key of ["nope", "a/b", "New-Checkout", "ü?x=1#y", "a..b"]) {
    expect(await world.reader.read(await world.reader.refOf(keys, key)), key).toBeNull();
  }
  for (const key of [".", ".."]) {
    await expect(world.reader.read(await world.reader.refOf(keys, key))).rejects.toMatchObject({
      code: "rejected",
    });
  }
  await expect(world.reader.read(await world.reader.refOf(keys, "all-tags"))).rejects.toMatchObject({
    code: "bad_answer",
  });
});

test("lists: by key or by any tag, without archived ones, with segments", async () => {
  const variationId = (await world.read("banner")).flag.variations[0]?.id ?? "";
  await person().retarget(
    { env: "shop/prod", key: "banner" },
    {
      rules: [
        {
          id: crypto.randomUUID(),
          name: "internal",
          dispatchKey: null,
          includedInExpt: false,
          conditions: [
            {
              id: crypto.randomUUID(),
              property: "User is in segment",
              op: "",
              value: JSON.stringify([world.internal.id, "no guid"]),
            },
          ],
          variations: [{ id: variationId, rollout: [0, 1], exptRollout: 1 }],
        },
      ],
    },
  );
  const found = await world.reader.list(keys, { keys: ["other", "nope", "old"], tags: ["checkout", "none"] });
  expect(found.map(({ flag }) => flag.key)).toEqual(["banner", "new-checkout", "other"]);
  expect(found[0]?.segments).toEqual([world.internal]);
  expect(found[1]?.segments).toEqual([]);
  expect(await world.reader.list(keys, { keys: [], tags: [] })).toEqual([]);
});

test("overview in words; more than a page of flags", async () => {
  world.featbit.seed({
    flags: Array.from({ length: 230 }, (_, at) => ({ env: "shop/prod", key: `bulk-${at}` })),
  });
  const flags = await world.reader.overview(keys);
  expect(flags).toHaveLength(233);
  expect(flags.find(({ key }) => key === "new-checkout")).toMatchObject({
    name: "New checkout",
    isEnabled: true,
    tags: ["checkout"],
    serves: "on: true",
  });
  expect(flags.find(({ key }) => key === "other")?.serves).toBe("off: false for everyone");
  expect(flags.every(({ lastChangeAt }) => !Number.isNaN(Date.parse(lastChangeAt)))).toBe(true);
});

test("a flag that spoils its list page is left out and said; the others stay", async () => {
  await person().setOffVariation({ env: "shop/prod", key: "other" }, crypto.randomUUID());
  expect((await world.reader.overview(keys)).map(({ key }) => key)).toEqual(["banner", "new-checkout"]);
  expect(logged.filter((line) => line.startsWith("FeatBit cannot show one row"))).toHaveLength(1);
});

test("a rule with conditions null: refused alone, left out of a list and said", async () => {
  await person().request(
    "PUT",
    `/envs/${(await world.read("other")).ref.environmentId}/feature-flags/other/targeting`,
    {
      revision: (await world.read("other")).flag.revision,
      targeting: {
        targetUsers: [],
        rules: [{ id: "r", name: "r", conditions: null, variations: [] }],
        fallthrough: (await world.read("other")).flag.fallthrough,
        exptIncludeAllTargets: true,
      },
    },
  );
  await expect(world.read("other")).rejects.toMatchObject({ code: "bad_answer", retryable: false });
  const found = await world.reader.list(keys, { keys: ["other", "banner"], tags: [] });
  expect(found.map(({ flag }) => flag.key)).toEqual(["banner"]);
  expect(logged.join()).toMatch(/left out of a list .*without conditions/);
});

test("history: newest first, both sides, the window to the millisecond, the limit, around poisoned entries", async () => {
  const from = ago(60_000);
  await person().toggle(checkout, false, "why");
  const path = `/envs/${(await world.read()).ref.environmentId}/feature-flags/new-checkout/description`;
  await person().request("PUT", path, { description: null });
  await person().toggle(checkout, true);
  const entries = await world.reader.history(keys, from, ago(-1_000), 100);
  const about = entries.filter(({ after }) => after?.key === "new-checkout");
  expect(about.map(({ before, after }) => [before?.isEnabled, after?.isEnabled])).toEqual([
    [false, true],
    [true, false],
    [undefined, true],
  ]);
  expect(about[1]).toMatchObject({ comment: "why", author: { name: "Alice", email: alice } });
  expect(logged.filter((line) => line.startsWith("An audit entry is left out"))).toHaveLength(1);

  expect(await world.reader.history(keys, from, ago(-1_000), 2)).toHaveLength(2);
  expect(await world.reader.history(keys, from, ago(-1_000), 0)).toEqual([]);
  const at = about[0]?.at ?? from;
  expect((await world.reader.history(keys, at, at, 10)).map(({ auditId }) => auditId)).toContain(
    about[0]?.auditId,
  );
  expect(await world.reader.history(keys, ago(120_000), ago(60_000), 10)).toEqual([]);
});

test("history over many pages gives each entry once", async () => {
  for (let at = 0; at < 45; at++) await person().toggle(checkout, at % 2 === 1);
  const entries = await world.reader.history(keys, ago(60_000), ago(-1_000), 1_000);
  expect(new Set(entries.map(({ auditId }) => auditId)).size).toBe(entries.length);
  expect(entries.length).toBe(45 + 4);
});

test("links go to the console, if there is one", async () => {
  const ref = await world.reader.refOf(keys, "a b");
  expect(world.reader.webUrl(ref)).toBe("https://flags.example.com/en/feature-flags/a%20b/targeting");
  expect(createFeatBitReader({ apiUrl: world.featbit.apiUrl, token: "t" }).webUrl(ref)).toBeNull();
});

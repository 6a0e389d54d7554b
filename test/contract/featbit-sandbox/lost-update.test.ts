import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import { loadRecorded } from "../../support/recorded-featbit.ts";
import { typed } from "../../support/typed.ts";

// The facts of timing.json: parallel writers overwrite each other in silence, and the audit chain shows each time.

const TOKEN = "api-test";

async function createOneFlag(writeWindowMs: number) {
  const sandbox = await createFeatBitSandbox({
    writeWindowMs,
    seed: {
      projects: [{ key: "shop", name: "Shop", environments: [{ key: "prod", name: "Prod" }] }],
      tokens: [{ name: "bot", token: TOKEN }],
      flags: [{ env: "shop/prod", key: "checkout" }],
    },
  });
  const env = sandbox.world.projects[0]?.environments[0]?.id ?? "";
  const base = `${sandbox.apiUrl}/api/v1/envs/${env}`;
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(base + path, {
      method,
      headers: { Authorization: TOKEN, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, data: typed<{ data: never }>(await response.json()).data };
  };
  type Flag = (typeof sandbox.world.flags)[number];
  const read = async (): Promise<Flag> => (await send("GET", "/feature-flags/checkout")).data;
  const toggle = (on: boolean) => send("PUT", `/feature-flags/checkout/toggle/${on}`);
  const rollTo = (flag: Flag, share: number, comment = "") => {
    const [on, off] = flag.variations;
    const variations = [
      { id: on?.id, rollout: [0, share], exptRollout: 1 },
      { id: off?.id, rollout: [share, 1], exptRollout: 1 },
    ];
    const fallthrough = { dispatchKey: "keyId", includedInExpt: true, variations };
    const targeting = { targetUsers: [], rules: [], fallthrough, exptIncludeAllTargets: true };
    return send("PUT", "/feature-flags/checkout/targeting", { revision: flag.revision, targeting, comment });
  };
  const chainIsBroken = async (): Promise<boolean> => {
    const { id } = await read();
    const page = (await send("GET", `/audit-logs?refId=${id}&pageSize=2`)).data as {
      items: { dataChange: { previous: string; current: string } }[];
    };
    const [newest, before] = page.items.map(({ dataChange }) => dataChange);
    if (!newest || !before) throw new Error("a chain has two entries");
    return revisionOf(newest.previous) !== revisionOf(before.current);
  };
  return Object.assign(sandbox, { read, toggle, rollTo, chainIsBroken });
}

const revisionOf = (json: string): string => typed<{ revision: string }>(JSON.parse(json)).revision;
const shareOf = (flag: { fallthrough: { variations: { rollout: number[] }[] } }) =>
  flag.fallthrough.variations[0]?.rollout[1];

const fact = (id: string) => {
  const entry = loadRecorded("timing").find((candidate) => candidate.id === id);
  if (!entry) throw new Error(`timing has no ${id}`);
  return typed<Record<string, number>>(entry);
};

test("two parallel targeting writes with one revision both answer 200, and the chain breaks", async () => {
  await using server = await createOneFlag(8);
  const pairs = 10;
  let bothSucceeded = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    const flag = await server.read();
    const share = 0.1 + pair / 100;
    const answers = await Promise.all([server.rollTo(flag, share), server.rollTo(flag, share + 0.5)]);
    if (answers.every(({ status }) => status === 200)) bothSucceeded += 1;
    expect(await server.chainIsBroken()).toBe(true);
    const { revision } = await server.read();
    expect(answers.map(({ data }) => data)).toContain(revision);
  }
  const recorded = fact("parallel-targeting-same-revision");
  expect(recorded["bothSucceeded"]).toBe(30);
  expect(bothSucceeded).toBe(pairs);
});

test("a toggle beside a targeting write loses one of the two, and the chain breaks exactly then", async () => {
  await using server = await createOneFlag(40);
  const outcomes = { bothKept: 0, lost: 0, conflict: 0 };
  for (let pair = 0; pair < 12; pair += 1) {
    const before = await server.read();
    const share = 0.2 + pair / 100;
    const delayMs = pair % 4 === 3 ? 150 : 0;
    const toggling = server.toggle(!before.isEnabled);
    await sleep(delayMs);
    const targeting = await server.rollTo(before, share);
    expect((await toggling).status).toBe(200);
    const after = await server.read();
    const kept = [after.isEnabled !== before.isEnabled, shareOf(after) === share];
    if (targeting.status === 409) outcomes.conflict += 1;
    else if (kept.every(Boolean)) outcomes.bothKept += 1;
    else outcomes.lost += 1;
    expect(await server.chainIsBroken()).toBe(targeting.status === 200 && !kept.every(Boolean));
  }
  expect(fact("parallel-toggle-and-targeting")["lostToggle"]).toBe(25);
  expect(outcomes.lost).toBeGreaterThanOrEqual(9);
  expect(outcomes.conflict).toBe(3);
});

test("parallel toggles to one state write one to eight audit entries", async () => {
  await using server = await createOneFlag(8);
  const before = server.world.audits.length;
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.toggle(true)));
  const added = server.world.audits.length - before;
  expect(new Set(answers.map(({ data }) => String(data))).size).toBe(added);
  expect(added).toBeGreaterThan(1);
  expect(added).toBeLessThanOrEqual(8);
  expect(server.mutations).toHaveLength(added);
});

test("writes one after the other keep both changes and the chain", async () => {
  await using server = await createOneFlag(0);
  await server.toggle(true);
  expect((await server.rollTo(await server.read(), 0.3)).status).toBe(200);
  const after = await server.read();
  expect([after.isEnabled, shareOf(after)]).toEqual([true, 0.3]);
  expect(await server.chainIsBroken()).toBe(false);
});

test("parallel creates of one key can both succeed: there is no unique index", async () => {
  await using server = await createOneFlag(8);
  const env = server.world.projects[0]?.environments[0]?.id ?? "";
  const variations = [{ id: "on", name: "On", value: "true" }];
  const body = {
    name: "twin",
    key: "twin",
    isEnabled: false,
    variationType: "boolean",
    variations,
    enabledVariationId: "on",
    disabledVariationId: "on",
  };
  const create = () =>
    fetch(`${server.apiUrl}/api/v1/envs/${env}/feature-flags`, {
      method: "POST",
      headers: { Authorization: TOKEN, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const statuses = (await Promise.all([create(), create()])).map(({ status }) => status);
  expect(statuses).toEqual([200, 200]);
  expect((await create()).status).toBe(422);
});

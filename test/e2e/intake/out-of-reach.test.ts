import { expect, it } from "vitest";
import { z } from "zod";
import { expectAuditPasses, expectFolded } from "../../support/ledger-check.ts";
import { until } from "../../support/until.ts";
import { openIntake, post, secretOf, variableOf } from "./open-intake.ts";

/** None of these reaches the flag of checkout in shop/prod, which really is to blame. */
const elsewhere = [
  { flags: ["search_reranker"] },
  { flags: ["checkout_one_click_two"] },
  { flags: ["CHECKOUT_ONE_CLICK"] },
  { flags: ["checkout_one_clic"] },
  { flags: ["checkout*"] },
  { environments: ["staging"] },
  { projects: ["docs"] },
  { projects: ["docs"], environments: ["staging"] },
  { projects: ["shop"], environments: ["staging"] },
  { projects: ["docs"], environments: ["staging"], flags: ["search_reranker"] },
];
const alertsEach = 2;

const allow = { effect: "allow" as const };
const seeProjects = {
  ...allow,
  id: "p",
  resourceType: "project",
  actions: ["CanAccessProject"],
  resources: ["project/*"],
};
const seeEnvironments = {
  ...allow,
  id: "e",
  resourceType: "env",
  actions: ["CanAccessEnv"],
  resources: ["project/*:env/*"],
};

/** With another project beside the shop's: a source may only be bound to what the catalogue knows. */
function settingsOver({ services }: Record<string, unknown>) {
  const docs = {
    name: "docs",
    owner: "Docs",
    environments: { staging: { project: "docs", environment: "staging" } },
    sources: [{ id: "alertmanager", match: { service: "docs" } }],
  };
  return {
    intake: { mostOpenIncidents: 100 },
    services: [...z.array(z.unknown()).parse(services), docs],
  };
}

it("lets no source lead to a flag beyond its reach, whatever its alerts say, and the same alert of another does", async () => {
  const tenants = elsewhere.map((mayLeadTo, index) => ({
    id: `tenant-${index}`,
    kind: "generic",
    secretEnv: variableOf(`tenant-${index}`),
    service: { label: "service" },
    grouping: { by: ["case"] },
    mayLeadTo,
  }));
  const own = { id: "own", kind: "generic", secretEnv: variableOf("own"), service: { label: "service" } };
  const readToken = "api-sandbox-read-token-for-all-projects-0001";
  const writeToken = "api-sandbox-write-token-for-all-projects-001";
  await using intake = await openIntake({
    sources: [...tenants, own],
    env: { FEATBIT_READ_TOKEN: readToken, FEATBIT_WRITE_TOKEN: writeToken },
    settings: ({ settings, featbit }) => {
      featbit.seed({
        projects: [{ key: "docs", name: "Docs", environments: [{ key: "staging", name: "Staging" }] }],
        tokens: [readToken, writeToken].map((token) => ({
          name: token.slice(0, 20),
          token,
          permissions: [seeProjects, seeEnvironments],
        })),
      });
      return settingsOver(settings);
    },
  });
  const { world, store, signalman } = intake;
  const fire = async (sourceId: string, alertCase: string) => {
    const { name, summary, startsAt } = world.trouble.alert("checkout");
    const body = {
      title: name,
      summary,
      status: "firing",
      severity: "critical",
      service: "checkout",
      environment: "production",
      fingerprint: alertCase,
      startsAt: new Date(startsAt).toISOString(),
      labels: { case: alertCase, flag: "checkout_one_click", project: "shop" },
    };
    const { status, correlationId } = await post(intake.doorOf(sourceId), JSON.stringify(body), {
      "content-type": "application/json",
      authorization: `Bearer ${secretOf(sourceId)}`,
    });
    expect(status).toBe(202);
    return correlationId;
  };
  const looked = (count: number) =>
    until(
      `${count} incidents to be looked at`,
      async () => {
        const incidents = await store.ledger.incidents({ limit: 100 });
        return incidents.filter(({ state }) => state.investigatedAt !== null).length >= count;
      },
      { timeoutMs: 90_000, everyMs: 200, seen: signalman.log },
    );

  for (const { id } of tenants) {
    for (let nth = 0; nth < alertsEach; nth += 1) await fire(id, `${id}-${nth}`);
  }
  const drafts = elsewhere.length * alertsEach;
  await looked(drafts);
  expect(await store.ledger.changes({ limit: 100 })).toEqual([]);
  const { incidents } = await expectFolded(intake.folder);
  expect(incidents).toHaveLength(drafts);
  for (const { scope, noScopeBecause, assessment } of incidents) {
    expect(assessment?.candidateId ?? null).toBeNull();
    if (scope === null) expect(noScopeBecause).toMatch(/may not lead to shop\/prod/);
    else expect(assessment?.abstention).not.toBeNull();
  }
  // The very same alert from a source that may: there was something to propose.
  await fire("own", "own");
  await looked(drafts + 1);
  const [change, ...more] = await store.ledger.changes({ limit: 100 });
  expect(more).toEqual([]);
  expect(change?.state.proposal.plan.ref.key).toBe("checkout_one_click");
  expect(world.featbit.mutations.filter(({ comment }) => comment.startsWith("OP-"))).toEqual([]);
  await expectAuditPasses(intake.folder);
  process.stdout.write(`${drafts} drafts beyond their source's reach: 0 proposals; 1 within: 1 proposal\n`);
}, 150_000);

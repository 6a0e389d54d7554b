import { describe, expect, test } from "vitest";
import { createPrometheus } from "../../../src/adapters/prometheus/prometheus.ts";
import { loadGovernance } from "../../../src/documents/load-governance.ts";
import { itemsOf } from "../../../src/domain/evidence/evidence.ts";
import type { Flag } from "../../../src/domain/flag/flag.ts";
import { type Instant, toInstant } from "../../../src/domain/ids.ts";
import { Service } from "../../../src/domain/service.ts";
import { assess } from "../../../src/pipeline/drafting/assess.ts";
import { gatherEvidence } from "../../../src/pipeline/evidence/gather-evidence.ts";
import { createPrometheusSandbox } from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";
import { checkoutFlag, checkoutQueries, createCheckout } from "../../../src/sandbox/services/checkout.ts";
import {
  createSearch,
  searchDeployQuery,
  searchFlag,
  searchQueries,
} from "../../../src/sandbox/services/search.ts";
import type { ServiceQuery } from "../../../src/sandbox/services/service-query.ts";
import {
  createSupportAssistant,
  supportFlag,
  supportQueries,
} from "../../../src/sandbox/services/support-assistant.ts";
import {
  boolFlag,
  flagOf,
  flagReader,
  incidentOf,
  quiet,
  reading,
  type World,
} from "../../unit/drafting/world.ts";
import { flagDocument, sentFlag } from "../../unit/sandbox-services/flag-document.ts";

const now = Date.parse("2026-07-01T12:00:00Z");
const minute = 60_000;
const at = (minutesAgo: number): Instant => toInstant(now - minutesAgo * minute);

function serviceFor(queries: ServiceQuery[], more: Partial<Service> = {}): Service {
  return Service.parse({
    name: "support-assistant",
    owner: "owner",
    environments: { production: { project: "p", environment: "prod" } },
    flags: { tags: ["support"] },
    internalSegment: "internal",
    queries: queries.map(({ name, query, unit, bad }, index) => ({
      id: `query_${index}`,
      title: name,
      promql: query,
      unit: unit === "seconds" ? "s" : unit,
      badDirection: bad,
    })),
    sources: [{ id: "alertmanager" }],
    ...more,
  });
}

function changed(before: Flag, after: Flag, minutesAgo: number): World {
  return { changes: [{ at: at(minutesAgo), before, after }] };
}

async function conclude(url: string, service: Service, world: World, alertMinutesAgo: number) {
  const alert = { startedAt: at(alertMinutesAgo) };
  const heardAt = at(alertMinutesAgo);
  const incident = { ...incidentOf({ alert }), openedAt: heardAt, episodeStartedAt: heardAt };
  const flags = flagReader(world);
  const evidence = await gatherEvidence({
    incident,
    service,
    now: toInstant(now),
    ports: { flags, telemetry: createPrometheus({ url, timeoutMs: 5_000 }), runbooks: [] },
    lookBackMs: 40 * minute,
    budgetMs: 10_000,
  });
  const result = await assess(incident, service, evidence, reading, {
    flags,
    rulebook: loadGovernance("governance"),
    ladder: null,
    verifyAfterMs: minute,
    log: quiet,
  });
  return {
    ...result,
    evidence,
    chosen: result.candidates.find(({ id }) => id === result.assessment.candidateId),
  };
}

const offOn = { type: "boolean", values: ["false", "true"] } as const;

/** The three stories of the demo, from the metrics of the simulated services as Prometheus answers them. */
describe("rules, on the simulated services", () => {
  test.each([1.5, 6])(
    "a slow answer profile at 10 %%, for %s min: limit it to internal users",
    async (minutesAgo) => {
      await using prometheus = await createPrometheusSandbox({ now: () => now });
      const offlineDocument = flagDocument(
        sentFlag({ key: supportFlag.key, type: "string", values: ["baseline", "reranker_v2"], share: 0.1 }),
      );
      await using support = await createSupportAssistant({
        offlineDocument,
        store: prometheus.store,
        clock: () => now,
      });
      await support.history({ minutes: 45, changedAt: Date.parse(at(minutesAgo)), before: "baseline" });
      const world = changed(
        flagOf(supportFlag.key, { "v-base": 100 }),
        flagOf(supportFlag.key, { "v-base": 90, "v-new": 10 }),
        minutesAgo,
      );
      const { assessment, chosen, evidence } = await conclude(
        prometheus.url,
        serviceFor(supportQueries()),
        world,
        minutesAgo - 0.5,
      );
      expect(itemsOf(evidence, "metric")[0]?.trend).toBe("degraded");
      expect(chosen?.operation).toMatchObject({ tool: "flag.limit_to_segment", variationId: "v-new" });
      expect(assessment.expected).toMatchObject({ direction: "down" });
    },
  );

  test("a boolean flag on for everyone and errors: turn it off", async () => {
    await using prometheus = await createPrometheusSandbox({ now: () => now });
    const offlineDocument = flagDocument(sentFlag({ key: checkoutFlag.key, ...offOn, share: 1 }));
    await using checkout = await createCheckout({
      offlineDocument,
      store: prometheus.store,
      clock: () => now,
    });
    await checkout.history({ minutes: 45, changedAt: Date.parse(at(4)), before: "false" });
    const world = changed(boolFlag(checkoutFlag.key, false), boolFlag(checkoutFlag.key, true), 4);
    const { assessment, chosen } = await conclude(prometheus.url, serviceFor(checkoutQueries()), world, 3.5);
    expect(chosen?.operation).toEqual({ tool: "flag.turn_off" });
    expect(assessment.expected).toEqual({ queryId: "query_0", direction: "down", withinMs: minute });
  });

  test.each([
    ["before", 7, 5],
    ["after", 4, 5],
  ])("an innocent flag change %s a bad deploy: recommend nothing", async (_, flagAgo, deployAgo) => {
    await using prometheus = await createPrometheusSandbox({ now: () => now });
    const offlineDocument = flagDocument(sentFlag({ key: searchFlag.key, ...offOn, share: 1 }));
    await using search = await createSearch({ offlineDocument, store: prometheus.store, clock: () => now });
    search.deploy("1.42.0", { at: now - deployAgo * minute });
    await search.history({ minutes: 45, changedAt: Date.parse(at(flagAgo)), before: "false" });
    const world = changed(boolFlag(searchFlag.key, false), boolFlag(searchFlag.key, true), flagAgo);
    const service = serviceFor(searchQueries(), { deployQuery: searchDeployQuery });
    const { assessment, evidence } = await conclude(prometheus.url, service, world, deployAgo - 0.5);
    expect(itemsOf(evidence, "deploy").map(({ version }) => version)).toEqual(["1.42.0"]);
    expect(assessment).toMatchObject({ cause: "deploy", candidateId: null });
    expect(assessment.abstention).toContain("1.42.0");
  });
});

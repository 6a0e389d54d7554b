import { describe, expect, test } from "vitest";
import { itemsOf } from "../../../src/domain/evidence/evidence.ts";
import { ChangeId, DeliveryId, IncidentId, later, toInstant } from "../../../src/domain/ids.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { evolveIncident, type IncidentState } from "../../../src/domain/incident/incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { OutsideChange, PlacedChange } from "../../../src/domain/outside-change.ts";
import { readPastIncidents } from "../../../src/pipeline/evidence/read-past-incidents.ts";
import { decisions, proposalFor, propose } from "../../support/change-fixtures.ts";
import { createInMemoryStore, type InMemoryStore } from "../../support/in-memory-store.ts";
import { assessmentWith, join, openCommand } from "../../support/incident-fixtures.ts";
import { ago, gather, incidentOf, jump, minutes, now } from "../drafting/world.ts";
import { ask } from "./question.ts";

const deliveryId = DeliveryId.parse("6f1c1a52-0000-4000-8000-000000000001");

function told(more: Partial<OutsideChange>): PlacedChange {
  const change: OutsideChange = {
    sourceId: "github",
    id: "1",
    kind: "deploy",
    state: "succeeded",
    title: "Deploy to production",
    version: "v2.0.0",
    author: "dora",
    at: ago(30),
    labels: {},
    links: ["javascript:alert(1)", "https://ci.example.org/runs/1"],
    ...more,
  };
  return { change, deliveryId, service: "support-assistant", environmentName: "production" };
}

describe("changes that others told of", () => {
  test("a deploy that was told and seen is one, dated by the metrics, with who and how it ended", async () => {
    const deploys = [{ version: "2.0.0", at: ago(28) }];
    const evidence = await gather({ metrics: { latency: [{ value: jump(ago(0), 1, 1) }] }, deploys }, 1000, {
      outsideChanges: async () => [told({}), told({ id: "2", version: "3.0.0", at: ago(10) })],
    });
    expect(
      itemsOf(evidence, "deploy").map(({ at, version, source, author }) => [at, version, source, author]),
    ).toEqual([
      [ago(10), "3.0.0", "github", "dora"],
      [ago(28), "2.0.0", "github", "dora"],
    ]);
    const [, merged] = itemsOf(evidence, "deploy");
    expect(merged?.url).toBe("https://ci.example.org/runs/1");
    expect(merged?.text.join(" ")).toContain("State: done, by dora.");
  });

  test("the same version long before is another deploy; a short commit is its long one", async () => {
    const commit = "0f3c9d1e5a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d";
    const evidence = await gather({ metrics: {}, deploys: [{ version: commit, at: ago(20) }] }, 1000, {
      outsideChanges: async () => [
        told({ version: commit.slice(0, 8), at: ago(21) }),
        told({ id: "2", version: commit, at: ago(50) }),
      ],
    });
    expect(itemsOf(evidence, "deploy").map(({ at }) => at)).toEqual([ago(20), ago(50)]);
  });

  test("what is no deploy is a change; texts are cleaned; asked for this service and environment only", async () => {
    const asked: unknown[] = [];
    const evidence = await ask({
      ports: {
        outsideChanges: async (range) => {
          asked.push(range);
          return [told({ kind: "config", title: "Raise limits \u202E token=abcdefghijklmnop", version: "" })];
        },
      },
    });
    expect(asked).toEqual([
      {
        service: "support-assistant",
        environmentName: "production",
        from: later(ago(4), -minutes(60)),
        to: ago(0),
        limit: 100,
      },
    ]);
    const [change] = itemsOf(evidence, "change");
    expect(change).toMatchObject({ what: "config", version: "unnamed", state: "succeeded" });
    expect(change?.title).toBe(
      "Change of configuration done at 2026-03-01 11:30:00 UTC: Raise limits token=[redacted]",
    );
  });

  test("are a gap when they cannot be read; silence about deploys is one too, unless somebody tells", async () => {
    const failing = await ask({
      ports: { outsideChanges: () => Promise.reject(new OpsError("timeout", "The store is late.")) },
    });
    expect(failing.gaps.map(({ source }) => source)).toEqual([
      "metrics",
      "deploys",
      "changes told by others",
    ]);
    const telling = await ask({ ports: { outsideChanges: async () => [told({})] } });
    expect(telling.gaps.map(({ source }) => source)).toEqual(["metrics"]);
  });
});

function incidentId(tail: number): IncidentId {
  return IncidentId.parse(`INC-000000000${tail}`);
}

describe("past incidents", () => {
  const began = toInstant(now - minutes(3 * 24 * 60));

  async function put(
    store: InMemoryStore,
    id: IncidentId,
    at: typeof began,
    more: { service?: string; assessed?: boolean } = {},
  ): Promise<void> {
    const scope = { ...openCommand.scope, service: more.service ?? "checkout" };
    const commands: IncidentCommand[] = [
      {
        ...openCommand,
        groupKey: id,
        scope: { environmentName: "production", project: "shop", environment: "prod", ...scope },
      },
      join(),
      ...(more.assessed === false
        ? []
        : [
            {
              command: "record_assessment" as const,
              assessment: assessmentWith(),
              candidates: [],
              transcript: null,
            },
          ]),
    ];
    let state: IncidentState | null = null;
    const events = commands.flatMap((command) => {
      const answer = decideIncident(command, state, at);
      if (answer.kind === "refused") throw new Error(answer.reason);
      for (const event of answer.events) state = evolveIncident(id, state, event);
      return answer.events;
    });
    await store.ledger.commit({
      writes: [{ kind: "incident", stream: streamOf("incident", id), id, expectedVersion: 0, events }],
    });
  }

  async function putChange(store: InMemoryStore, id: ChangeId, incident: IncidentId): Promise<void> {
    const command = { ...propose(decisions.constrain(), proposalFor()), incidentId: incident };
    const answer = decideChange(command, null, began);
    if (answer.kind === "refused") throw new Error(answer.reason);
    await store.ledger.commit({
      writes: [
        { kind: "change", stream: streamOf("change", id), id, expectedVersion: 0, events: answer.events },
      ],
    });
  }

  const current = incidentId(1);
  const earlier = incidentId(2);
  const other = incidentId(3);
  const unfinished = incidentId(4);
  const ancient = incidentId(5);
  const changeId = ChangeId.parse("CHG-0000000007");
  const otherChange = ChangeId.parse("CHG-0000000008");

  async function filled(): Promise<InMemoryStore> {
    const store = createInMemoryStore();
    await put(store, current, ago(5));
    await put(store, earlier, began);
    await put(store, other, later(began, 1000), { service: "payments" });
    await put(store, unfinished, later(began, 2000), { assessed: false });
    await put(store, ancient, toInstant(now - minutes(200 * 24 * 60)));
    await putChange(store, changeId, earlier);
    await putChange(store, otherChange, other);
    return store;
  }

  test("are those of the service and of its flags that were looked into, newest first, not this one", async () => {
    const { ledger } = await filled();
    const question = { service: "checkout", except: current, now: ago(0) };
    const found = await readPastIncidents(ledger, { ...question, flagKeys: ["checkout_one_click"] });
    expect(found.map(({ incident, changes }) => [incident.id, changes.map(({ id }) => id)])).toEqual([
      [other, [otherChange]],
      [earlier, [changeId]],
    ]);
    const ofService = await readPastIncidents(ledger, { ...question, flagKeys: [] });
    expect(ofService.map(({ incident }) => incident.id)).toEqual([earlier]);
  });

  test("say what they were taken for, what was done and what came of it", async () => {
    const { ledger } = await filled();
    const evidence = await ask({
      service: { flags: { keys: ["checkout_one_click"], tags: [] } },
      ports: { pastIncidents: (question) => readPastIncidents(ledger, { ...question, service: "checkout" }) },
    });
    const [, past] = itemsOf(evidence, "past_incident");
    expect(past).toMatchObject({
      incidentId: earlier,
      at: began,
      cause: "flag",
      change: { id: changeId, flagKey: "checkout_one_click", status: "shown", verdict: null },
    });
    expect(past?.text).toEqual([
      "Taken for: flag.",
      "checkout_one_click was turned on just before.",
      `${changeId} of checkout_one_click: Turn checkout_one_click off`,
      "It was not applied (shown).",
    ]);
  });

  test("are a gap when they cannot be read", async () => {
    const evidence = await ask({
      ports: { pastIncidents: () => Promise.reject(new OpsError("timeout", "The store is late.")) },
    });
    expect(evidence.gaps).toContainEqual({
      source: "past incidents",
      reason: "The store is late. Whether this happened before is not known.",
    });
    expect(incidentOf({}).id).toBe(current);
  });
});

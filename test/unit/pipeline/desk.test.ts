import { describe, expect, it, vi } from "vitest";
import type { ChangeEvent } from "../../../src/domain/change/events.ts";
import { type DeliveryId, later } from "../../../src/domain/ids.ts";
import type { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { desk } from "../../../src/pipeline/people/desk.ts";
import type { FlagReader } from "../../../src/pipeline/ports/flag-platform.ts";
import { incidentId } from "../../support/change-fixtures.ts";
import { alertWith } from "../../support/incident-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { controlsWith } from "../../support/policy-fixtures.ts";
import { typed } from "../../support/typed.ts";
import {
  acknowledged,
  at,
  changeWrite,
  incidentWrite,
  newChangeId,
  opened,
  proposed,
} from "../../contract/storage/story-of-streams.ts";

function createDesk(drafter: string | null = "rules") {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  return {
    store,
    desk: desk({
      ledgerFault: () => null,
      store,
      drafter,
      flags: typed<FlagReader>({}),
      services: [],
      controls: { read: async () => controlsWith() },
      queueBackend: "postgres",
    }),
    /** Many changes of flags of their own, each with these events after its proposal; oldest first. */
    async changes(count: number, ...events: ChangeEvent[]) {
      const ids = Array.from({ length: count }, newChangeId);
      for (const id of ids) {
        await store.ledger.commit({ writes: [changeWrite(id, 0, [...proposed(`flag-${id}`), ...events])] });
      }
      return ids;
    },
  };
}

const applied: ChangeEvent = {
  type: "change_applied",
  at,
  operationId: "op-1",
  revision: "rev-2",
  chain: { kind: "intact" },
  reconciled: false,
  latencyMs: 1,
};
const kept: ChangeEvent = {
  type: "change_closed",
  at,
  resolution: "keep",
  owner: "Ruth",
  note: "",
  by: "U1",
  reviewAt: later(at, 1),
  linkedChangeId: null,
};

describe("what people read", () => {
  it("lists what has waited longest, however much came after it", async () => {
    const given = createDesk();
    const waiting = await given.changes(60);
    expect((await given.desk.pending()).map(({ id }) => id)).toEqual(waiting.slice(0, 50));
  });

  it("lists the oldest reviews that are due, then the oldest changes that nobody has closed", async () => {
    const given = createDesk();
    const due = await given.changes(60, applied, kept);
    const unclosed = await given.changes(60, applied);
    expect((await given.desk.cleanup()).map(({ id }) => id)).toEqual([
      ...due.slice(0, 50),
      ...unclosed.slice(0, 50),
    ]);
  });

  it("says who drafts where it knows", async () => {
    expect((await createDesk("model-1").desk.status()).drafter).toBe("model-1");
    expect((await createDesk(null).desk.status()).drafter).toBeNull();
  });

  it("reads of an incident only what people are told of, and of that the newest", async () => {
    const { store, desk: at } = createDesk();
    const storm = Array.from({ length: 500 }, (_, index): IncidentEvent => ({
      type: "alert_joined",
      at: later(alertWith().startedAt, index),
      deliveryId: typed<DeliveryId>(crypto.randomUUID()),
      alert: alertWith({ fingerprint: `f${index}` }),
    }));
    const told = Array.from({ length: 300 }, (_, index) => acknowledged(`person ${index}`));
    await store.ledger.commit({
      writes: [incidentWrite(incidentId, 0, [opened("group"), ...storm, ...told])],
    });
    const read = vi.spyOn(store.ledger, "events");
    const timeline = (await at.incident(incidentId))?.timeline ?? [];
    expect(timeline.map(({ type }) => type)).toEqual(Array.from({ length: 200 }, () => "acknowledged"));
    expect(timeline.at(-1)?.data["name"]).toBe("person 299");
    expect(read.mock.settledResults.map(({ value }) => typed<unknown[]>(value).length)).toEqual([200]);
  });
});

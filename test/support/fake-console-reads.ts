import { OpsError } from "../../src/domain/ops-error.ts";
import { CorrelationId, DeliveryId, toInstant } from "../../src/domain/ids.ts";
import { type StreamName, streamOf } from "../../src/domain/ledger/stream.ts";
import { tellEntry } from "../../src/domain/story/tell-entry.ts";
import { shownDelivery } from "../../src/pipeline/console/shown-delivery.ts";
import type { IncidentView } from "../../src/pipeline/ports/announcer.ts";
import type { ConsoleReads } from "../../src/pipeline/ports/console-reads.ts";
import type { KeptDelivery, Quarantined } from "../../src/pipeline/ports/storage.ts";

export const deliveryId = DeliveryId.parse("0198c0de-0000-7000-8000-000000000007");
const at = toInstant(Date.UTC(2026, 10, 21, 2));

/** One incident as it stands, and beside it one of everything else, with `text` wherever others' text may stand. */
export function fakeConsoleReads(
  view: () => IncidentView,
  text = "as usual",
): ConsoleReads & { breakDown(error?: Error): void } {
  let fault: Error | null = null;
  const ready = async (): Promise<IncidentView> => {
    if (fault !== null) throw fault;
    return view();
  };
  const storyOf = async (stream?: StreamName) =>
    (await ready()).timeline
      .filter((entry) => stream === undefined || entry.stream === stream)
      .map((entry) => ({ ...tellEntry(entry), stream: entry.stream, version: entry.version, at: entry.at }));
  const quarantined: Quarantined = { id: deliveryId, sourceId: "tickets", receivedAt: at, reason: text };
  const kept: KeptDelivery = {
    id: deliveryId,
    correlationId: CorrelationId.parse("cor-7"),
    sourceId: "tickets",
    deliveryKey: null,
    headers: { "x-event": text },
    body: new TextEncoder().encode(`{"a":"${text}","password":"hunter2hunter2"}`),
    receivedAt: at,
    attempts: 1,
    trace: null,
    settlement: { outcome: "quarantined", reason: text },
    requeues: [{ at, by: text, reason: text }],
  };
  const answer = { kind: "constrain", mode: "search_only", contractMode: "approval_required" } as const;
  return {
    breakDown(error = new OpsError("unreachable", "The database cannot be reached.")) {
      fault = error;
    },
    services: ["checkout", text],
    incidents: async ({ open, service }) => {
      const { incident } = await ready();
      const isWanted =
        (open !== true || incident.status === "open") &&
        (service === undefined || incident.scope?.service === service);
      return isWanted ? [incident] : [];
    },
    incident: async (id) => {
      const known = await ready();
      return known.incident.id === id ? { view: known, story: await storyOf(), storyIsCut: true } : null;
    },
    changes: async () => (await ready()).changes,
    change: async (id) => {
      const { changes, incident, plot, evidenceRemovedAt } = await ready();
      const change = changes.find((each) => each.id === id);
      if (change === undefined) return null;
      const story = await storyOf(streamOf("change", id));
      return { change, incident, plot, evidenceRemovedAt, story, storyIsCut: false };
    },
    plot: async (id) => {
      const { incident, plot } = await ready();
      return incident.id === id ? plot : null;
    },
    proof: async (stream, fromVersion, limit) => {
      const all = (await ready()).timeline.filter((entry) => entry.stream === stream);
      if (all.length === 0) return null;
      const entries = all
        .filter(({ version }) => version >= fromVersion)
        .slice(0, limit)
        .map((entry) => ({ ...entry, ...tellEntry(entry) }));
      const fault = { kind: "entry", stream, version: 2, position: 7, reason: text } as const;
      const checkpoint = { origin: text, size: 9, root: text };
      return { stream, length: all.length, fault, checkpoint, entries };
    },
    queues: async () => {
      await ready();
      const totals = { due: 1, held: 1, parked: 1, oldestDueAt: at, oldestHeldAt: at, oldestParkedAt: at };
      return {
        now: at,
        stages: [{ stage: "verify", waiting: 3, ...totals }],
        next: [{ stage: "verify", subject: text, dueAt: at }],
        parked: [{ stage: "notify", subject: text, error: text, at }],
        sources: [{ sourceId: "tickets", waiting: 2, quarantined: 1 }],
        unsequenced: 0,
      };
    },
    quarantined: async (limit, sourceId) => {
      await ready();
      return [quarantined]
        .filter((each) => sourceId === undefined || each.sourceId === sourceId)
        .slice(0, limit);
    },
    delivery: async (id) => {
      await ready();
      return id === deliveryId ? shownDelivery(kept) : null;
    },
    modes: async () => {
      await ready();
      const lowering = { kind: "mode", mode: "search_only", rule: text, reason: text } as const;
      const evaluations = [{ key: "signalman-mode", value: text, reason: text }];
      const tool = { ...answer, tool: "flag.turn_off", rule: "control_mode", reasons: [text] };
      return [
        {
          service: "checkout",
          environmentName: text,
          project: "shop",
          environment: "prod",
          control: { mode: "search_only", lowered: [lowering], evaluations },
          tools: [
            tool,
            { ...tool, tool: "flag.turn_on" },
            { ...tool, tool: "flag.read", contractMode: null },
          ],
        },
      ];
    },
  };
}

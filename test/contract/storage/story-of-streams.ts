import { randomBytes, randomUUID } from "node:crypto";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import type { ChangeEvent } from "../../../src/domain/change/events.ts";
import {
  idTail,
  toInstant,
  type ChangeId,
  type CorrelationId,
  type DeliveryId,
  type IncidentId,
} from "../../../src/domain/ids.ts";
import type { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import type { MuteEvent } from "../../../src/domain/mute/events.ts";
import type { NewDelivery, StreamWrite } from "../../../src/pipeline/ports/storage.ts";
import { correlationId, decisions, onFlag, propose, proposalFor } from "../../support/change-fixtures.ts";
import { typed } from "../../support/typed.ts";

export const at = toInstant(Date.parse("2026-11-21T02:00:00Z"));

export const newIncidentId = () => typed<IncidentId>(`INC-${idTail(randomBytes(10))}`);
export const newChangeId = () => typed<ChangeId>(`CHG-${idTail(randomBytes(10))}`);

export function incidentWrite(id: IncidentId, expectedVersion: number, events: IncidentEvent[]): StreamWrite {
  return { stream: streamOf("incident", id), kind: "incident", id, expectedVersion, events };
}

export function changeWrite(id: ChangeId, expectedVersion: number, events: ChangeEvent[]): StreamWrite {
  return { stream: streamOf("change", id), kind: "change", id, expectedVersion, events };
}

export function muteWrite(service: string, expectedVersion: number, events: MuteEvent[]): StreamWrite {
  return { stream: streamOf("mute", service), kind: "mute", id: service, expectedVersion, events };
}

export function opened(groupKey: string, title = "Checkout errors"): IncidentEvent {
  return {
    type: "incident_opened",
    at,
    kind: "alert",
    groupKey,
    correlationId,
    title,
    severity: "error",
    scope: { service: "checkout", environmentName: "production", project: "shop", environment: "prod" },
    tenant: "shop",
    channel: "",
    requester: { kind: "source", sourceId: "alertmanager" },
  };
}

export const acknowledged = (name: string): IncidentEvent => ({
  type: "acknowledged",
  at,
  userId: "U1",
  name,
});

/** A change for `flagKey` that waits for approval. */
export function proposed(flagKey: string): ChangeEvent[] {
  const proposal = proposalFor({ tool: "flag.turn_off" }, onFlag({ key: flagKey }));
  const answer = decideChange(propose(decisions.queue(), proposal), null, at);
  if (answer.kind === "refused") throw new Error(answer.reason);
  return answer.events;
}

export function delivery(sourceId: string, deliveryKey: string | null, body = "{}"): NewDelivery {
  return {
    id: typed<DeliveryId>(randomUUID()),
    correlationId: typed<CorrelationId>(randomUUID()),
    sourceId,
    deliveryKey,
    headers: { "content-type": "application/json" },
    body: Buffer.from(body),
  };
}

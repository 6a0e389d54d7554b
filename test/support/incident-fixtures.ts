import type { Alert } from "../../src/domain/alert.ts";
import { type Assessment, rulesRoute } from "../../src/domain/assessment.ts";
import type { CorrelationId, DeliveryId } from "../../src/domain/ids.ts";
import { toInstant } from "../../src/domain/ids.ts";
import type { IncidentCommand } from "../../src/domain/incident/decide-incident.ts";
import { typed } from "./typed.ts";

export const alertStart = toInstant(Date.UTC(2026, 10, 21, 2, 55));
export const deliveryId = typed<DeliveryId>("6f1c1a52-0000-4000-8000-000000000001");

export function alertWith(over: Partial<Alert> = {}): Alert {
  return {
    sourceId: "alertmanager",
    fingerprint: "a1",
    status: "firing",
    title: "Checkout errors",
    summary: "5xx ratio above 5 %",
    severity: "error",
    startedAt: alertStart,
    endedAt: null,
    labels: { service: "checkout", environment: "production" },
    links: [],
    groupHint: null,
    ...over,
  };
}

export const openCommand: Extract<IncidentCommand, { command: "open" }> = {
  command: "open",
  kind: "alert",
  groupKey: "service/checkout/production",
  correlationId: typed<CorrelationId>("cor-1"),
  title: "Checkout errors",
  severity: "error",
  scope: { service: "checkout", environmentName: "production", project: "shop", environment: "prod" },
  tenant: "shop",
  channel: "",
  requester: { kind: "source", sourceId: "alertmanager" },
};

export function join(over: Partial<Alert> = {}): Extract<IncidentCommand, { command: "join_alert" }> {
  return { command: "join_alert", deliveryId, alert: alertWith(over) };
}

export function assessmentWith(over: Partial<Assessment> = {}): Assessment {
  return {
    route: rulesRoute,
    cause: "flag",
    summary: "checkout_one_click was turned on just before.",
    suspects: [
      { flagKey: "checkout_one_click", confidence: "high", why: "it changed", citations: ["E1", "E2"] },
    ],
    candidateId: "C1",
    abstention: "",
    expected: null,
    confidence: "high",
    cappedBecause: [],
    gaps: [],
    dropped: [],
    ...over,
  };
}

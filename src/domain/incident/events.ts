import { z } from "zod";
import { Alert, Severity } from "../alert.ts";
import { Assessment, Candidate } from "../assessment.ts";
import { EvidenceGap } from "../evidence/evidence.ts";
import { ChangeId, CorrelationId, DeliveryId, Instant } from "../ids.ts";
import { Requester } from "../people.ts";
import { Decision } from "../policy/decision.ts";

const at = { at: Instant };

/** Which flag platform environment an incident is about; null where the alert's service is not known. */
export const IncidentScope = z.strictObject({
  service: z.string(),
  environmentName: z.string(),
  project: z.string(),
  environment: z.string(),
});
export type IncidentScope = z.infer<typeof IncidentScope>;

/** What is known of an incident from its beginning and never changes. */
export const openingFacts = {
  kind: z.enum(["alert", "request"]),
  groupKey: z.string(),
  correlationId: CorrelationId,
  title: z.string(),
  scope: IncidentScope.nullable(),
  tenant: z.string(),
  /** Slack channel id; "" means the default channel. */
  channel: z.string(),
  requester: Requester,
};

export const IncidentEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("incident_opened"),
    ...at,
    ...openingFacts,
    severity: Severity,
  }),
  z.strictObject({
    type: z.literal("alert_joined"),
    ...at,
    deliveryId: DeliveryId,
    alert: Alert,
  }),
  z.strictObject({
    type: z.literal("alert_resolved"),
    ...at,
    deliveryId: DeliveryId,
    fingerprint: z.string(),
  }),
  z.strictObject({
    type: z.literal("evidence_gathered"),
    ...at,
    /** Id and hash of the body that holds the evidence itself. */
    bodyId: z.string(),
    hash: z.string(),
    items: z.int().nonnegative(),
    gaps: z.array(EvidenceGap),
  }),
  z.strictObject({
    type: z.literal("assessed"),
    ...at,
    assessment: Assessment,
    candidates: z.array(Candidate),
    /** The model's transcript, if a model was asked: body id and hash. */
    transcript: z.strictObject({ bodyId: z.string(), hash: z.string() }).nullable(),
  }),
  z.strictObject({ type: z.literal("no_change_recommended"), ...at, reason: z.string() }),
  /** Policy let no change be drafted here: mode off, search_only or fallback. */
  z.strictObject({ type: z.literal("drafting_withheld"), ...at, decision: Decision }),
  /** Other trouble began long after the findings, in the same incident: they are dropped, and it is looked at anew. */
  z.strictObject({ type: z.literal("investigation_renewed"), ...at, reason: z.string() }),
  /** The suspected flag has an open change already; this incident points at it. */
  z.strictObject({ type: z.literal("linked_to_change"), ...at, changeId: ChangeId }),
  z.strictObject({ type: z.literal("acknowledged"), ...at, userId: z.string(), name: z.string() }),
  z.strictObject({ type: z.literal("muted"), ...at, until: Instant, userId: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal("incident_resolved"), ...at }),
  z.strictObject({ type: z.literal("incident_closed"), ...at, userId: z.string() }),
]);
export type IncidentEvent = z.infer<typeof IncidentEvent>;

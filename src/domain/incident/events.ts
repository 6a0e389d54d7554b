import { z } from "zod";
import { Alert, Severity } from "../alert.ts";
import { Assessment, Candidate } from "../assessment.ts";
import { EvidenceGap } from "../evidence/evidence.ts";
import { ChangeId, CorrelationId, DeliveryId, Instant } from "../ids.ts";
import { Requester } from "../people.ts";
import { Decision } from "../policy/decision.ts";
import { PersonAction } from "../policy/roles.ts";
import { ToolCall } from "../tool-call.ts";

const at = { at: Instant };

/** Key of the alert that silences this one, where one does. */
const inhibitedBy = z.string().optional();

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
  /** Why `scope` is null. */
  noScopeBecause: z.string().optional(),
  /** The message that a person asked to have looked into: others' words, and when they were written. */
  report: z.strictObject({ text: z.string(), at: Instant }).optional(),
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
    inhibitedBy,
  }),
  /** Like `alert_joined`, of an alert that the incident has no room to keep: only what is counted of it. */
  z.strictObject({
    type: z.literal("alert_counted"),
    ...at,
    deliveryId: DeliveryId,
    sourceId: z.string(),
    fingerprint: z.string(),
    severity: Severity,
    /** What it is counted under. */
    kind: z.string(),
    inhibitedBy,
  }),
  z.strictObject({
    type: z.literal("alert_resolved"),
    ...at,
    deliveryId: DeliveryId,
    /** The alert's key in this incident. */
    fingerprint: z.string(),
  }),
  /** It went to and fro so often that it is held open until it has been quiet for a while. */
  z.strictObject({ type: z.literal("flapping_started"), ...at, times: z.int().positive() }),
  z.strictObject({
    type: z.literal("evidence_gathered"),
    ...at,
    /** Id and hash of the body that holds the evidence itself. */
    bodyId: z.string(),
    hash: z.string(),
    items: z.int().nonnegative(),
    gaps: z.array(EvidenceGap),
  }),
  /** A model asked for a look at something, before it concluded. Refused and failed looks are recorded too. */
  z.strictObject({ type: z.literal("tool_called"), ...at, ...ToolCall.shape }),
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
  /** A person asked for a superseded change to be drafted anew: the findings are dropped, and it is looked at again. */
  z.strictObject({
    type: z.literal("redraft_requested"),
    ...at,
    changeId: ChangeId,
    userId: z.string(),
    name: z.string(),
  }),
  /** What a person thinks of findings that led to no change. Their last answer counts. */
  z.strictObject({
    type: z.literal("feedback_given"),
    ...at,
    userId: z.string(),
    name: z.string(),
    useful: z.boolean(),
  }),
  /** The suspected flag has an open change already; this incident points at it. */
  z.strictObject({ type: z.literal("linked_to_change"), ...at, changeId: ChangeId }),
  z.strictObject({ type: z.literal("acknowledged"), ...at, userId: z.string(), name: z.string() }),
  z.strictObject({
    type: z.literal("muted"),
    ...at,
    until: Instant,
    userId: z.string(),
    reason: z.string(),
    /** The service that is muted; absent: that of the scope. */
    service: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("mute_lifted"), ...at, userId: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal("incident_resolved"), ...at }),
  /** A person asked for something and may not have it. */
  z.strictObject({
    type: z.literal("action_refused"),
    ...at,
    action: PersonAction,
    userId: z.string(),
    name: z.string(),
    reason: z.string(),
  }),
  /** By a person, or, where `userId` is empty, because a new incident of its group took its place. */
  z.strictObject({
    type: z.literal("incident_closed"),
    ...at,
    userId: z.string(),
    name: z.string().optional(),
    reason: z.string().optional(),
  }),
]);
export type IncidentEvent = z.infer<typeof IncidentEvent>;

import { z } from "zod";
import { alertForms } from "./alerts.ts";
import type { Call } from "./part.ts";

/** What is sent: alerts told apart by an id, of so many services and kinds. */
const Mix = z.object({
  url: z.string(),
  secret: z.string(),
  /** Begins every id. */
  run: z.string(),
  /** Alerts go round these. */
  services: z.array(z.string()),
  /** Different fingerprints, which alerts go round; null: every alert has its own. */
  fingerprints: z.number().nullable(),
  /** Whether each alert's name has its id in it, so that its card can be told. */
  named: z.boolean().default(false),
  /** Alerts are of so many kinds, a kind being a name and a service. */
  kinds: z.object({ count: z.number(), name: z.string() }).optional(),
  /** Left out: a warning. */
  severity: z.enum(["critical", "warning"]).optional(),
  /** Left out: as a webhook. */
  form: z.enum(alertForms).optional(),
});

export const ClosedPlan = z.object({
  mix: Mix,
  connections: z.number(),
  warmUpMs: z.number(),
  measureMs: z.number(),
  /** No more than so many requests, however fast they are answered. */
  most: z.number(),
});
export type ClosedPlan = z.infer<typeof ClosedPlan>;

export const OpenPlan = z.object({
  mix: Mix,
  perSecond: z.number(),
  warmUpMs: z.number(),
  measureMs: z.number(),
});
export type OpenPlan = z.infer<typeof OpenPlan>;

export const Load = z.object({
  /** Alerts accepted a second: answered with 202, or what else of 2xx others say. */
  perSecond: z.number(),
  accepted: z.number(),
  /** Answers that accept nothing, by status; 0: none came. */
  others: z.record(z.string(), z.number()),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** Including those of the warm-up: what must be found again. */
  acceptedInAll: z.number(),
  lastAcceptedAtMs: z.number(),
});
export type Load = z.infer<typeof Load>;

/** Connections that send again as soon as they are answered: how much is taken. */
export const closedLoop: Call<ClosedPlan, Load> = { name: "closedLoop", input: ClosedPlan, output: Load };

/** Alerts at their times, whether or not the ones before were answered; latency counts from the due time. */
export const openLoop: Call<OpenPlan, Load> = { name: "openLoop", input: OpenPlan, output: Load };

const OnePlan = z.object({
  url: z.string(),
  secret: z.string(),
  words: z.object({
    service: z.string(),
    name: z.string(),
    severity: z.enum(["critical", "warning"]),
    id: z.string(),
  }),
});
const Acknowledged = z.object({ status: z.number(), atMs: z.number() });

/** A single alert, and when it was answered. */
export const sendOne: Call<z.infer<typeof OnePlan>, z.infer<typeof Acknowledged>> = {
  name: "sendOne",
  input: OnePlan,
  output: Acknowledged,
};

const Acks = z.array(z.tuple([z.string(), z.number()]));

/** The open loop of named alerts, with the moment at which each was accepted. */
export const openLoopById: Call<OpenPlan, z.infer<typeof Acks>> = {
  name: "openLoopById",
  input: OpenPlan,
  output: Acks,
};

import { z } from "zod";
import { DeliveryId, Instant } from "./ids.ts";

/**
 * Something that somebody changed elsewhere and that could explain trouble: a deployment, a configuration, an
 * infrastructure or data change. Texts are untrusted, like those of an alert.
 */
export const OutsideChange = z.strictObject({
  sourceId: z.string().min(1),
  /** Tells changes of one source apart: the same id again is the same change, with its newest state. */
  id: z.string().min(1).max(256),
  kind: z.enum(["deploy", "config", "infrastructure", "data", "other"]),
  state: z.enum(["started", "succeeded", "failed", "rolled_back"]),
  title: z.string().min(1).max(300),
  /** What it brought: a version, a commit, a build. */
  version: z.string().max(200),
  author: z.string().max(200),
  at: Instant,
  /** Like an alert's: which service and environment it is about is found with them. */
  labels: z.record(z.string(), z.string()),
  links: z.array(z.string()).max(10),
});
export type OutsideChange = z.infer<typeof OutsideChange>;

/** An outside change with the place in the catalogue it was found to belong to; null where it names none. */
export const PlacedChange = z.strictObject({
  change: OutsideChange,
  deliveryId: DeliveryId,
  service: z.string().nullable(),
  /** The environment's name in the catalogue; null: all of the service's. */
  environmentName: z.string().nullable(),
});
export type PlacedChange = z.infer<typeof PlacedChange>;

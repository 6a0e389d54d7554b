import type { Alert } from "../../domain/alert.ts";
import type { ClaimedDelivery } from "./storage.ts";

export type ParsedDelivery =
  | { kind: "alerts"; alerts: Alert[] }
  /** Valid JSON that its kind cannot map: it goes to quarantine with this reason. */
  | { kind: "unmappable"; reason: string };

/** Reads a delivery's bytes as its source's kind does. Pure; never throws for bad content. */
export type ParseDelivery = (delivery: ClaimedDelivery) => ParsedDelivery;

import type { Alert } from "../../domain/alert.ts";
import type { OutsideChange } from "../../domain/outside-change.ts";
import type { ClaimedDelivery } from "./storage.ts";

export type ParsedDelivery =
  | { kind: "alerts"; alerts: Alert[]; unread?: Unread }
  /** Deployments and other changes: evidence for later incidents. */
  | { kind: "outside_changes"; changes: OutsideChange[]; unread?: Unread }
  /** A flag or segment of the flag platform may have moved: a reason to look, never a fact. */
  | { kind: "flag_hint"; hints: FlagHint[] }
  /** Understood, and nothing is to be done: a ping, a subscription's confirmation, a test. `what` says which. */
  | { kind: "nothing"; what: string }
  /** Valid JSON that its kind cannot map: it goes to quarantine with this reason. */
  | { kind: "unmappable"; reason: string };

/** Why a part of a delivery could not be mapped: the rest is taken in, and the delivery is in quarantine with this reason. */
type Unread = string;

export interface FlagHint {
  environmentId: string;
  flagKey: string;
}

/** Reads a delivery's bytes (and the headers kept with it) as its source's kind does. Pure; never throws for bad content. */
export type ParseDelivery = (delivery: ClaimedDelivery) => ParsedDelivery;

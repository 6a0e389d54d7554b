import type { LoggedRequest } from "../../../src/sandbox/featbit/http-server.ts";
import type { Mutation } from "../../../src/sandbox/featbit/sandbox.ts";
import type { AuditEntry } from "../../../src/sandbox/featbit/world.ts";
import type { DeliveryLogEntry } from "../../../src/sandbox/slack/delivery/deliveries.ts";
import type { MessageLogEntry } from "../../../src/sandbox/slack/messages.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import type { Reconciled } from "../harness/lane.ts";
import type { SentAlert } from "../harness/sender.ts";

/** A row of the inbox as it lies in the database. */
export interface InboxRow {
  id: string;
  body: string;
  outcome: string | null;
  /** How it ended, as text. */
  settlement: string | null;
}

/** An event as it lies in the database, unread by Signalman's own code. */
export interface EventRow {
  stream: string;
  version: number;
  position: number | null;
  type: string;
  at: string;
  data: Record<string, unknown>;
}

export interface WorkRow {
  stage: string;
  subject: string;
  status: string;
}

/** What was written down, by whom, while faults were injected. Only the last of them is Signalman's own word. */
export interface Records {
  /** The senders'. */
  sent: readonly SentAlert[];
  /** FeatBit's: effective changes, its audit log, and what was asked of it. */
  mutations: readonly Mutation[];
  audits: readonly AuditEntry[];
  requests: readonly LoggedRequest[];
  /** Slack's: what became visible, what stands now in the channel of incidents, and what people did. */
  messages: readonly MessageLogEntry[];
  cards: readonly SlackMessage[];
  acts: readonly DeliveryLogEntry[];
  /** Signalman's: its inbox, its ledger, what it has still to do, and the texts it keeps. */
  rows: readonly InboxRow[];
  events: readonly EventRow[];
  work: readonly WorkRow[];
  bodies: readonly string[];
  logs: string;
  reconciliations: readonly Reconciled[];
  /** A credential that stood in every alert. */
  secret: string;
  /** Slack ids of people who may approve. */
  mayApprove: readonly string[];
  /** Name of FeatBit's token with which Signalman writes. */
  writer: string;
}

/** The four words of the last line. */
export type Fault = "lost" | "twice" | "unapproved" | "unexplained";

export interface Finding {
  fault: Fault;
  /** The invariant that does not hold, I1 to I10. */
  invariant: string;
  what: string;
}

export function unexplained(invariant: string, what: string): Finding {
  return { fault: "unexplained", invariant, what };
}

import type { PendingFlagChange } from "../evidence/evidence.ts";
import type { Plan } from "../flag/plan.ts";
import type { Instant } from "../ids.ts";
import type { ActionContract } from "../policy/action-contract.ts";
import type { SourceReach } from "../source.ts";

/** What was asked of the outside for one decision. What could not be had says why: it is never taken for "nothing". */
export type Fact<T> = { kind: "known"; value: T } | { kind: "unknown"; why: string };

/** What a runbook leaves open while it applies. */
export interface RunbookLimit {
  id: string;
  allowedActions: readonly string[];
  /** 0..100; null: no limit of its own. */
  maxRolloutPercent: number | null;
}

/** What waits for people's decisions. */
export interface ReviewQueue {
  waiting: number;
  /** Since when the longest of them waits; null where none does. */
  oldestSince: Instant | null;
  /** Decisions that came later than their contract asks for, or not at all, in the window that was asked about. */
  slaMisses: number;
}

/** What the guardrails look at. */
export interface GuardFacts {
  action: ActionContract;
  /** Null for what changes no flag. */
  plan: Plan | null;
  now: Instant;
  /** True where people made it what it is: asked for, or edited. */
  byPeople: boolean;
  /** Ids of the sources whose alerts the incident holds. */
  sources: readonly string[];
  /** How far each of them reaches; none where a person asks: roles say what they may. */
  reaches: readonly SourceReach[];
  /** Values of the alerts' region label; none where no alert names one. */
  regions: readonly string[];
  /** Those that apply to what people ask for in this incident: what one of them leaves open is open. */
  runbooks: Fact<readonly RunbookLimit[]>;
  /** Schedules and change requests of the flag platform that wait to be applied to the flag. */
  pending: Fact<readonly PendingFlagChange[]>;
  /** Null for what is in the queue already. */
  queue: ReviewQueue | null;
}

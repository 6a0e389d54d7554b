import { type ChangeState, evolveChange } from "../change/change.ts";
import { ChangeEvent } from "../change/events.ts";
import { ChangeId, type IncidentId, type Instant } from "../ids.ts";
import { IncidentEvent } from "../incident/events.ts";
import type { LedgerEntry } from "../ledger/chain.ts";
import { splitStream } from "../ledger/stream.ts";
import type { Mode } from "../policy/mode.ts";
import type { Verification } from "../verification.ts";

/** What one tool did in one stage (the mode its drafts were decided in). Times in milliseconds. */
export interface AutonomyRow {
  tool: string;
  stage: Mode;
  proposals: number;
  /** Of those: approved by people, turned down, left until their time was over, overtaken by the flag itself. */
  approved: number;
  rejected: number;
  expired: number;
  superseded: number;
  denied: number;
  /** Drafts that a health guardrail brought down, and those that a mode let only be shown. */
  fallbacks: number;
  constrained: number;
  /** Versions that people changed before they decided. */
  corrections: number;
  applied: number;
  failed: number;
  emergencies: number;
  standingUses: number;
  /** Expected decisions that did not come in time. */
  missedTimes: number;
  verdicts: Record<Verification["verdict"], number>;
  /** Changes that undid one of these. */
  reverts: number;
  /** From the draft to the approval, and from the start of the execution to the confirmed write. */
  approvalMs: number[];
  executionMs: number[];
  /** Incidents they were drafted in, for what is known of those. */
  incidents: Set<IncidentId>;
}

export interface AutonomyReport {
  rows: AutonomyRow[];
  /** What people said of findings without a change. */
  feedback: { useful: number; notUseful: number };
}

/** Reads the ledger's entries in their order; counts what was proposed at or after `from`. */
export function tallyAutonomy(from: Instant): { take(entry: LedgerEntry): void; report(): AutonomyReport } {
  const states = new Map<string, ChangeState>();
  const rowOf = new Map<string, AutonomyRow>();
  const rows = new Map<string, AutonomyRow>();
  const feedback = new Map<string, boolean>();

  function begin(id: string, { proposal, incidentId, decision }: ChangeState): void {
    const stage = decision?.mode ?? "off";
    const { tool } = proposal.plan.operation;
    const key = `${tool} ${stage}`;
    const row = rows.get(key) ?? emptyRow(tool, stage);
    rows.set(key, row);
    rowOf.set(id, row);
    row.proposals += 1;
    row.incidents.add(incidentId);
    if (decision?.kind === "constrain") row.constrained += 1;
    if (decision?.kind === "fallback") row.fallbacks += 1;
    const { lineage } = proposal;
    const origin = lineage?.kind === "reverses" ? rowOf.get(lineage.changeId) : undefined;
    if (origin !== undefined) origin.reverts += 1;
  }

  return {
    take(entry) {
      const { kind, id } = splitStream(entry.stream);
      const raw = { ...entry.data, type: entry.type, at: entry.at };
      if (kind === "incident") {
        const event = IncidentEvent.parse(raw);
        // The last answer of a person counts.
        if (event.type === "feedback_given" && event.at >= from)
          feedback.set(`${id} ${event.userId}`, event.useful);
        return;
      }
      if (kind !== "change") return;
      const event = ChangeEvent.parse(raw);
      const before = states.get(id) ?? null;
      const state = evolveChange(ChangeId.parse(id), before, event);
      states.set(id, state);
      if (event.type === "decided" && event.occasion === "draft" && before?.version === 1 && !rowOf.has(id)) {
        if (state.proposedAt >= from) begin(id, state);
      }
      const row = rowOf.get(id);
      if (row !== undefined) count(row, event, state);
    },
    report: () => {
      const answers = [...feedback.values()];
      const useful = answers.filter((each) => each).length;
      return {
        rows: [...rows.values()].toSorted((a, b) =>
          `${a.tool} ${a.stage}` < `${b.tool} ${b.stage}` ? -1 : 1,
        ),
        feedback: { useful, notUseful: answers.length - useful },
      };
    },
  };
}

function count(row: AutonomyRow, event: ChangeEvent, state: ChangeState): void {
  switch (event.type) {
    case "change_revised":
      row.corrections += 1;
      return;
    case "change_approved":
      row.approved += 1;
      row.approvalMs.push(Date.parse(event.at) - Date.parse(state.proposedAt));
      return;
    case "change_rejected":
      row.rejected += 1;
      return;
    case "change_expired":
      row.expired += 1;
      return;
    case "change_superseded":
      row.superseded += 1;
      return;
    case "decided":
      if (event.occasion === "draft" && event.decision.kind === "deny") row.denied += 1;
      return;
    case "change_denied":
      row.denied += 1;
      return;
    case "change_applied":
      row.applied += 1;
      row.executionMs.push(event.latencyMs);
      return;
    case "execution_failed":
    case "human_needed":
      row.failed += 1;
      return;
    case "glass_broken":
      row.emergencies += 1;
      return;
    case "standing_used":
      row.standingUses += 1;
      return;
    case "approval_chased":
      if (event.kind === "sla_missed") row.missedTimes += 1;
      return;
    case "change_verified":
      row.verdicts[event.verification.verdict] += 1;
      return;
    default:
  }
}

function emptyRow(tool: string, stage: Mode): AutonomyRow {
  return {
    tool,
    stage,
    proposals: 0,
    approved: 0,
    rejected: 0,
    expired: 0,
    superseded: 0,
    denied: 0,
    fallbacks: 0,
    constrained: 0,
    corrections: 0,
    applied: 0,
    failed: 0,
    emergencies: 0,
    standingUses: 0,
    missedTimes: 0,
    verdicts: { recovered: 0, improved: 0, no_effect: 0, worse: 0, no_data: 0 },
    reverts: 0,
    approvalMs: [],
    executionMs: [],
    incidents: new Set(),
  };
}

/** What the figures speak for. Numbers are evidence; people decide. */
export interface AutonomyEvidence {
  speaksFor: "promotion" | "demotion" | "neither";
  because: string[];
}

/** With fewer decided drafts than this nothing is evident. */
const enough = 20;

/** Weighs one row by the same signs as the quality signal does: turned down, without effect, undone. */
export function weighAutonomy(row: AutonomyRow): AutonomyEvidence {
  const decided = row.approved + row.rejected;
  const { recovered, improved, no_effect: noEffect, worse } = row.verdicts;
  const verified = recovered + improved + noEffect + worse;
  const against = [
    ...(share(row.rejected, decided) > 0.3
      ? [`${row.rejected} of ${decided} decided drafts were rejected`]
      : []),
    ...(share(noEffect + worse, verified) > 0.3
      ? [`${noEffect + worse} of ${verified} verified changes had no effect or made it worse`]
      : []),
    ...(share(row.reverts, row.applied) > 0.2
      ? [`${row.reverts} of ${row.applied} applied changes were undone`]
      : []),
    ...(worse > 0 ? [`${worse} made it worse`] : []),
  ];
  if (against.length > 0 && decided >= 5) return { speaksFor: "demotion", because: against };
  if (decided < enough)
    return { speaksFor: "neither", because: [`only ${decided} of ${enough} decided drafts`] };
  if (against.length > 0) return { speaksFor: "neither", because: against };
  return {
    speaksFor: "promotion",
    because: [
      `${row.approved} of ${decided} approved, ${recovered + improved} of ${verified} helped, ${row.reverts} undone`,
    ],
  };
}

function share(part: number, of: number): number {
  return of === 0 ? 0 : part / of;
}

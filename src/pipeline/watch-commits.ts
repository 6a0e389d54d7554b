import { type Counter, SpanKind } from "@opentelemetry/api";
import { Verdict } from "../domain/verification.ts";
import { inSpan } from "../watch/in-span.ts";
import { instrument } from "../watch/instrument.ts";
import type { Commit, Store } from "./ports/storage.ts";

/** The same store, whose commits are spans and whose events are counted. */
export function watchCommits(store: Store): Store {
  const { ledger } = store;
  const commit: Store["ledger"]["commit"] = (commit) =>
    inSpan("commit", { kind: SpanKind.CLIENT, attributes: describe(commit) }, async (span) => {
      const result = await ledger.commit(commit);
      span.setAttribute("signalman.outcome", result.kind);
      if (result.kind === "committed") count(commit);
      return result;
    });
  return { ...store, ledger: { ...ledger, commit } };
}

const mostNames = 20;

function describe({ writes, settle = [], followUps = [] }: Commit) {
  const types = writes.flatMap(({ events }) => events.map(({ type }) => type));
  return {
    "db.system.name": "postgresql",
    "db.operation.name": "commit",
    "signalman.streams": writes.slice(0, mostNames).map(({ stream }) => stream),
    "signalman.events": [...new Set(types)].slice(0, mostNames),
    "signalman.settled": settle.length,
    "signalman.follow_ups": [...new Set(followUps.map(({ stage }) => stage))],
  };
}

const counters = instrument((meter) => {
  const counter = (name: string, description: string): Counter => meter.createCounter(name, { description });
  return {
    deliveries: counter("signalman_deliveries_total", "Deliveries by how they ended."),
    events: counter("signalman_ledger_events_total", "Events of the ledger by type."),
    assessments: counter("signalman_assessments_total", "Assessments by the route that answered."),
    executions: counter("signalman_executions_total", "Executions by how they ended."),
    verdicts: counter("signalman_verdicts_total", "Verdicts about what a change did."),
    changes: counter("signalman_changes_proposed_total", "Changes drafted, by how they came about."),
    chased: counter("signalman_approvals_chased_total", "Reminders and escalations of approvals that wait."),
    votes: counter("signalman_votes_total", "Votes that counted."),
    feedback: counter("signalman_feedback_total", "What people said of findings without a change."),
  };
});

const executionEnds: Readonly<Record<string, string>> = {
  change_applied: "applied",
  execution_failed: "failed",
  execution_uncertain: "uncertain",
  human_needed: "needs_human",
};

function count({ writes, settle = [] }: Commit): void {
  const to = counters();
  for (const { settlement } of settle) to.deliveries.add(1, { outcome: settlement.outcome });
  for (const event of writes.flatMap(({ events }) => [...events])) {
    to.events.add(1, { type: event.type });
    const outcome = executionEnds[event.type];
    if (outcome !== undefined) to.executions.add(1, { outcome });
    switch (event.type) {
      case "assessed": {
        const { actual, drafter, fellBack } = event.assessment.route;
        to.assessments.add(1, { route: actual || drafter, fell_back: String(fellBack !== null) });
        break;
      }
      case "change_proposed":
        to.changes.add(1, { kind: event.proposal.lineage?.kind ?? "new" });
        break;
      case "change_verified":
        to.verdicts.add(1, { verdict: event.verification.verdict });
        break;
      case "approval_chased":
        to.chased.add(1, { kind: event.kind });
        break;
      case "vote_cast":
        to.votes.add(1, { vote: event.vote.vote });
        break;
      case "feedback_given":
        to.feedback.add(1, { useful: String(event.useful) });
        break;
      default:
    }
  }
}

/** Counters that begin at nothing: the first of something is then seen to rise. */
export function beginCounting(): void {
  const to = counters();
  to.events.add(0, { type: "incident_opened" });
  for (const outcome of ["joined", "duplicate", "noted", "quarantined"]) to.deliveries.add(0, { outcome });
  for (const outcome of Object.values(executionEnds)) to.executions.add(0, { outcome });
  for (const verdict of Verdict.options) to.verdicts.add(0, { verdict });
  for (const kind of ["new", "reverses", "expands", "restores_overwritten"]) to.changes.add(0, { kind });
  for (const kind of ["reminder", "sla_missed", "escalation"]) to.chased.add(0, { kind });
  for (const vote of ["approve", "reject"]) to.votes.add(0, { vote });
  for (const useful of ["true", "false"]) to.feedback.add(0, { useful });
  for (const fell_back of ["true", "false"]) to.assessments.add(0, { route: "rules", fell_back });
}

import { agentName, type Assessment, type Candidate } from "../domain/assessment.ts";
import type { Evidence } from "../domain/evidence/evidence.ts";
import type { Plan } from "../domain/flag/plan.ts";
import { type ChangeId, IncidentId, type Instant } from "../domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../domain/incident/decide-incident.ts";
import { type IncidentState, isInvestigated } from "../domain/incident/incident.ts";
import { outOfReach, type Reaching, reachesOf } from "../domain/reach.ts";
import type { SourceReach } from "../domain/source.ts";
import { commitDecision } from "./commit-decision.ts";
import type { Body, Commit, Loaded, Store, StreamWrite, WorkItem } from "./ports/storage.ts";
import { proposeChange, type ProposeDeps } from "./propose-change.ts";
import type { StageOutcome } from "./run-stage.ts";
import { incidentWrite } from "./stream-writes.ts";

export interface RecordDeps extends ProposeDeps {
  store: Store;
  /** What the declared sources may lead to. */
  sources: readonly Reaching[];
}

/** The change to propose, compiled from the flag as it is now. */
export interface Draft {
  plan: Plan;
  candidate: Candidate;
  evidence: Evidence;
  assessment: Assessment;
}

export interface Findings {
  commands: IncidentCommand[];
  bodies?: Body[];
  draft?: Draft | { refusedBecause: string } | null;
}

/** One commit: what was found, the change if there is one, and the end of this work. */
export async function recordFindings(
  item: WorkItem,
  findings: Findings,
  deps: RecordDeps,
): Promise<StageOutcome> {
  return commitDecision<StageOutcome>(deps.store, async () => {
    const loaded = await deps.store.ledger.incident(IncidentId.parse(item.subject));
    if (loaded === null || loaded.state.status === "closed" || isInvestigated(loaded.state)) {
      return { kind: "answer", answer: { kind: "nothing_to_do" } };
    }
    const now = await deps.store.now();
    return {
      kind: "commit",
      commit: await commitOf(loaded, findings, item, deps, now, null),
      after: async (result) => {
        if (result.kind === "lease_lost") return { kind: "handed_over" };
        if (result.kind !== "flag_busy") return { kind: "committed" };
        // Another incident's change for this flag is open: point at it instead of drafting a second one.
        const linked = await commitOf(loaded, findings, item, deps, now, result.changeId);
        const second = await deps.store.ledger.commit(linked);
        return second.kind === "committed"
          ? { kind: "committed" }
          : { kind: "again", inMs: 200, because: `linking to ${result.changeId}: ${second.kind}` };
      },
    };
  });
}

async function commitOf(
  { state, version }: Loaded<IncidentState>,
  { commands, bodies, draft: asked }: Findings,
  item: WorkItem,
  deps: RecordDeps,
  now: Instant,
  busyWith: ChangeId | null,
): Promise<Commit> {
  // Asked of the incident as it is now: another source may have joined it since the candidates were offered.
  const reaches = reachesOf(state, deps.sources);
  const draft = withinReaches(asked, reaches);
  const all: IncidentCommand[] = [...commands];
  const writes: StreamWrite[] = [];
  const followUps: Commit["followUps"] = [
    { stage: "notify", subject: state.id, correlationId: state.correlationId },
  ];
  if (draft && busyWith !== null) {
    const busy = await deps.store.ledger.change(busyWith);
    // After a relapse it may be this incident's own change that is open: its card shows it already.
    if (busy?.state.incidentId !== state.id) all.push({ command: "link", changeId: busyWith });
  } else if (draft && "plan" in draft) {
    const { assessment, candidate, evidence } = draft;
    const proposed = await proposeChange(
      {
        incident: state,
        plan: draft.plan,
        summary: candidate.summary,
        requester: state.requester,
        agent: agentName(assessment.route),
        expected: assessment.expected,
        lineage: null,
        reaches,
        evidence: {
          confidence: assessment.confidence,
          citations: new Set(assessment.suspects.flatMap((suspect) => suspect.citations)).size,
          gaps: evidence.gaps.length,
          coverage: coverageOf(evidence),
          earlierReview: "",
        },
      },
      deps,
      now,
    );
    writes.push(...proposed.writes);
    followUps.push(...proposed.followUps);
  }
  const events = all.flatMap((command) => {
    const answer = decideIncident(withRefusal(command, draft), state, now);
    return answer.kind === "events" ? answer.events : [];
  });
  writes.unshift(incidentWrite(state.id, version, events));
  return { writes, followUps, bodies: bodies ?? [], finish: item };
}

/** Of the sources that were asked, how many answered. What answered with nothing left no item, and no gap either. */
function coverageOf({ items, gaps }: Evidence): number | null {
  const answered = new Set(items.map(({ kind }) => kind)).size;
  const asked = answered + gaps.length;
  return asked === 0 ? null : answered / asked;
}

function withinReaches(draft: Findings["draft"], reaches: readonly SourceReach[]): Findings["draft"] {
  if (!draft || !("plan" in draft)) return draft;
  const refusedBecause = outOfReach(draft.plan.ref, reaches);
  return refusedBecause === null ? draft : { refusedBecause };
}

/** A candidate that no longer compiles, or is out of reach, turns the recommendation into none, with the reason. */
function withRefusal(command: IncidentCommand, draft: Findings["draft"]): IncidentCommand {
  if (command.command !== "record_assessment" || !draft || !("refusedBecause" in draft)) return command;
  const { assessment } = command;
  return {
    ...command,
    assessment: { ...assessment, candidateId: null, abstention: draft.refusedBecause },
  };
}

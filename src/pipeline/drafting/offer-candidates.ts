import type { Candidate } from "../../domain/assessment.ts";
import { type Evidence, type EvidenceOf, itemsOf } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { maxShareMoved } from "../../domain/flag/exposure.ts";
import {
  type Flag,
  type FlagRef,
  type FlagSnapshot,
  sameBehaviour,
  type Segment,
} from "../../domain/flag/flag.ts";
import type { DraftedOperation, ToolOperation } from "../../domain/flag/operation.ts";
import { operationWords } from "../../domain/flag/operation-words.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { compile, type Plan } from "../../domain/flag/plan.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";
import { mayTouch, type Service } from "../../domain/service.ts";
import { orderedSuspects } from "./order-suspects.ts";
import { policyForbids } from "./policy-forbids.ts";
import type { FlagHistoryEntry } from "../ports/flag-platform.ts";
import { containOperations, insteadOf, undoOperations } from "./undo-operations.ts";

export interface OfferRequest {
  incident: IncidentState;
  evidence: Evidence;
  service: Service;
  snapshots: readonly FlagSnapshot[];
  history: readonly FlagHistoryEntry[];
  segments: readonly Segment[];
  rulebook: Rulebook;
  /** Why the sources of the incident's alerts may not lead to a change of this flag; null where they may. */
  outOfReach: (flag: FlagRef) => string | null;
}

export interface Offer {
  candidates: Candidate[];
  /** What was not offered and why, each reason once. */
  notes: string[];
}

const mostNotes = 6;
const mostCandidates = 12;
const mostOfOneFlag = 6;

/**
 * The operations a drafter may choose from, made and compiled by code alone: for each suspected change first
 * what undoes it exactly, then what undoes part of it, then what merely contains it. Two that lead to the same
 * behaviour are one. What a source may not lead to, what the contracts can never allow and what exceeds a matching
 * runbook's tools and shares is left out.
 */
export function offerCandidates(request: OfferRequest): Offer {
  const [runbook] = itemsOf(request.evidence, "runbook");
  const notes = new Set<string>();
  const offers: Omit<Candidate, "id">[] = [];
  const seenFlags = new Set<string>();
  for (const change of orderedSuspects(request.evidence, request.incident)) {
    if (seenFlags.has(change.ref.key)) continue;
    seenFlags.add(change.ref.key);
    const snapshot = request.snapshots.find(({ ref }) => ref.key === change.ref.key);
    if (snapshot === undefined || !mayTouch(request.service, snapshot.flag)) continue;
    const beyond = request.outOfReach(snapshot.ref);
    if (beyond !== null) {
      notes.add(`Nothing of ${plainName(snapshot.ref.key)} is offered: ${beyond}`);
      continue;
    }
    const entry = request.history.find(({ auditId }) => auditId === change.auditId);
    offers.push(
      ...offersFor(change, snapshot, entry?.before ?? null, entry?.after ?? null, request, runbook, notes),
    );
  }
  return {
    candidates: offers.slice(0, mostCandidates).map((offer, index) => ({ id: `C${index + 1}`, ...offer })),
    notes: [...notes].slice(0, mostNotes).map((note) => outsideText(note, 300)),
  };
}

function offersFor(
  change: EvidenceOf<"flag_change">,
  snapshot: FlagSnapshot,
  before: Flag | null,
  after: Flag | null,
  { incident, service, segments, rulebook }: OfferRequest,
  runbook: EvidenceOf<"runbook"> | undefined,
  notes: Set<string>,
): Omit<Candidate, "id">[] {
  const { flag } = snapshot;
  const undo = before === null || after === null ? [] : undoOperations(before, after, flag);
  const internal =
    segments.find(({ key, isArchived }) => key === service.internalSegment && !isArchived) ?? null;
  const contain = change.gained.flatMap((gained) => {
    const instead = insteadOf(gained, before, flag);
    return instead === null ? [] : containOperations({ gained, instead, internal }, flag);
  });
  const plans = [...undo, ...contain].flatMap((operation) => {
    const compiled = compile(operation, snapshot, segments);
    if (compiled.kind === "refused") return [];
    const { plan } = compiled;
    const forbidden =
      policyForbids(operation, plan, incident, rulebook) ?? runbookForbids(operation, plan, before, runbook);
    if (forbidden === null) return [{ operation, plan }];
    notes.add(`${operation.tool} is not offered: ${forbidden}`);
    return [];
  });
  const exact = plans.filter(({ plan }) => before !== null && sameBehaviour(plan.after, before));
  const ordered = [...exact, ...plans.filter((offer) => !exact.includes(offer))];
  const distinct = ordered.filter(
    ({ plan }, index) => ordered.findIndex((other) => sameBehaviour(other.plan.after, plan.after)) === index,
  );
  return distinct.slice(0, mostOfOneFlag).map(({ operation, plan }) => candidateOf(operation, plan, change));
}

/**
 * Why the matching runbook leaves this out: another tool than its own, or a larger share of the default rule than its
 * limit for a variation that is not the off one and had less before the suspected change.
 */
function runbookForbids(
  { tool }: ToolOperation,
  plan: Plan,
  before: Flag | null,
  runbook: EvidenceOf<"runbook"> | undefined,
): string | null {
  if (runbook === undefined) return null;
  const id = plainName(runbook.runbookId);
  if (!runbook.allowedActions.includes(tool)) return `the runbook ${id} does not name it.`;
  const limit = runbook.maxRolloutPercent;
  if (limit === null) return null;
  const earlier = before === null ? new Map<string, number>() : percentsOf(before.fallthrough.variations);
  const within = plan.exposure.byVariation.every(
    ({ variationId, beforePercent, afterPercent }) =>
      afterPercent <= Math.max(limit, beforePercent, earlier.get(variationId) ?? 0) ||
      variationId === plan.after.disabledVariationId,
  );
  return within ? null : `the runbook ${id} allows at most ${limit}%.`;
}

function candidateOf(
  operation: DraftedOperation,
  plan: Plan,
  change: EvidenceOf<"flag_change">,
): Omit<Candidate, "id"> {
  const { flag } = plan.before;
  const own = change.ownChangeId === null ? "" : ` (takes back Signalman's own ${change.ownChangeId})`;
  return {
    flagKey: flag.key,
    flagName: plainName(flag.name || flag.key),
    operation,
    summary: outsideText(`${operationWords(operation, flag)}${own}`),
    diff: plan.diff.map((line) => outsideText(line)),
    maxMovedPercent: maxShareMoved(plan),
  };
}

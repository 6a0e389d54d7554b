import type { KnownBlock, ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { bullets, plainObject, section } from "../blocks.ts";
import { drafterLine } from "../card/drafter.ts";
import { placeOf } from "../card/proposed-change.ts";
import { outcome, statusWords } from "../card/outcome.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { itemLines } from "../thread/evidence-message.ts";
import { policyLines } from "../thread/event-line.ts";
import { when, sentence } from "../words.ts";

/** Everything about one change: diff, reverse, exposure, policy, evidence, votes, digest and ids. */
export function detailsModal(
  change: ChangeState,
  view: IncidentView | null,
  consoleUrl: string | null,
): ModalView {
  return {
    type: "modal",
    callback_id: "details",
    title: plainObject("Details", 24),
    close: plainObject("Close", 24),
    blocks: [
      ...planBlocks(change),
      ...policyBlocks(change),
      ...outcome(change, null),
      ...voteBlocks(change),
      ...evidenceBlocks(view),
      section(idLines(change, view, consoleUrl), 2000),
    ],
  };
}

function planBlocks(change: ChangeState): KnownBlock[] {
  const { plan, summary } = change.proposal;
  return [
    section([
      `*${change.id}*, ${mrkdwn(statusWords(change), 120)}: ${sentence(mrkdwn(summary, 240))} This is ${placeOf(change)}.`,
    ]),
    section(["*What changes*", ...escaped(plan.diff)], 2900),
    section(["*How it is undone*", ...escaped(plan.reverseDiff)], 2900),
    section(["*Who is affected*", ...escaped(plan.exposure.words)], 2900),
  ];
}

function escaped(lines: readonly string[]): string[] {
  return bullets(
    lines.map((line) => mrkdwn(line)),
    40,
  );
}

function policyBlocks({ decision }: ChangeState): KnownBlock[] {
  if (decision === null) return [];
  return [section([...policyLines("Policy", decision), `Policy hash ${code(decision.policyHash)}.`], 2900)];
}

function voteBlocks(change: ChangeState): KnownBlock[] {
  return [...emergencyBlocks(change), ...castBlocks(change)];
}

function emergencyBlocks({ glass }: ChangeState): KnownBlock[] {
  if (glass === null) return [];
  return [
    section(
      [
        `*Emergency:* ${mrkdwn(glass.name, 80)} approved alone ${when(glass.at)}, until ${when(glass.until)}.`,
        mrkdwn(glass.rationale, 1000),
      ],
      1500,
    ),
  ];
}

function castBlocks({ votes }: ChangeState): KnownBlock[] {
  if (votes.length === 0) return [section(["*Votes:* none."])];
  const lines = votes.map((cast) => {
    const why = cast.rationale.trim() === "" ? "" : `: ${mrkdwn(cast.rationale, 400)}`;
    const roles = cast.roles.map((role) => mrkdwn(role, 60)).join(", ");
    return `• ${mrkdwn(cast.name, 80)} (${roles}) ${cast.vote === "approve" ? "approved" : "rejected"} ${when(cast.at)}${why}`;
  });
  return [section(["*Votes*", ...lines], 2900)];
}

function evidenceBlocks(view: IncidentView | null): KnownBlock[] {
  const evidence = view?.evidence ?? null;
  const removedAt = view?.evidenceRemovedAt ?? null;
  if (removedAt !== null) {
    return [section([`*Evidence:* removed by retention on ${when(removedAt)}. The ledger keeps its hash.`])];
  }
  if (evidence === null) return [section(["*Evidence:* not gathered."])];
  const gaps = evidence.gaps.map(
    (gap) => `Not known: ${mrkdwn(gap.source, 60)} (${mrkdwn(gap.reason, 160)})`,
  );
  return [
    section(["*Evidence*", ...gaps], 1500),
    ...evidence.items.slice(0, 40).map((item) => section(itemLines(item), 1600)),
  ];
}

function idLines(change: ChangeState, view: IncidentView | null, consoleUrl: string | null): string[] {
  const { proposal, execution, applied } = change;
  const { ref } = proposal.plan;
  return [
    "*For the record*",
    `Incident ${change.incidentId}, change ${change.id}, version ${change.version}, drafted ${when(change.proposedAt)}.`,
    `Digest ${code(proposal.digest)}. Contract ${code(proposal.contractHash)}. Roles ${code(proposal.rolesHash)}.`,
    `Tool ${code(proposal.action.tool)}, risk ${proposal.action.riskClass}. Environment id ${code(ref.environmentId)}.`,
    `Correlation ${code(change.correlationId)}.`,
    ...(execution === null
      ? []
      : [`Operation ${code(execution.operationId)}, lease epoch ${execution.epoch}.`]),
    ...(applied === null ? [] : [`Revision after the change ${code(applied.revision)}.`]),
    ...(view?.incident.assessment == null ? [] : [drafterLine(view.incident.assessment)]),
    ...(consoleUrl === null ? [] : [`<${consoleUrl}|Open in console>`]),
  ];
}

import type { Button, HomeView, KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { IncidentId } from "../../../domain/ids.ts";
import type { IncidentState } from "../../../domain/incident/incident.ts";
import { requesterText } from "../../../domain/people.ts";
import type { Home } from "../../../pipeline/ports/home.ts";
import { actions, button, context, header, section } from "../blocks.ts";
import { scopeValue } from "../button-value.ts";
import { startOf, titleOf, whereWords } from "../card/headline.ts";
import { placeOf } from "../card/proposed-change.ts";
import { linkButton } from "../commands/on-command.ts";
import { loweredLines } from "../commands/ops-controls.ts";
import { mrkdwn } from "../escape-text.ts";
import { countWords, sentence, when } from "../words.ts";
import { modeLines } from "./mode-lines.ts";

/** Slack takes a hundred blocks: these, a section for modes each, and a dozen of ours. */
export const mostChanges = 20;
export const mostIncidents = 20;
const mostModes = 30;
const mostLowered = 10;

export interface HomeFacts {
  /** Of the incidents that are shown; null where no card can be linked to. */
  cardUrls: ReadonlyMap<IncidentId, string | null>;
  at: string;
}

/** The home tab of one person. */
export function renderHome(home: Home, facts: HomeFacts): HomeView {
  if (home.kind !== "shown") return homeView([section([whyNot(home)])], facts.at);
  const brakes = home.mayLower ? [button("control_pause", "Pause", "pause", { style: "danger" })] : [];
  return homeView(shown(home, facts), facts.at, brakes);
}

/** In place of it, where it could not be read. The lines are escaped. */
export function renderUnreadable(lines: string[], at: string): HomeView {
  return homeView([section(lines)], at);
}

function homeView(blocks: KnownBlock[], at: string, buttons: Button[] = []): HomeView {
  return {
    type: "home",
    blocks: [
      header("Signalman"),
      actions([button("home_refresh", "Refresh", "refresh"), ...buttons]),
      ...blocks,
      context([`As of ${when(at)}. \`/ops help\` lists what you can type.`]),
    ],
  };
}

function whyNot(home: Exclude<Home, { kind: "shown" }>): string {
  return home.kind === "barred"
    ? `There is nothing to decide for you here: ${mrkdwn(home.reason, 300)}.`
    : `This cannot be shown right now: ${mrkdwn(home.reason, 300)}. Please refresh in a moment.`;
}

type Shown = Extract<Home, { kind: "shown" }>;

/** The incidents whose cards are linked to. */
export function shownIncidents(home: Home): IncidentId[] {
  if (home.kind !== "shown") return [];
  const { waiting, incidents } = home;
  return [
    ...new Set([
      ...waiting.slice(0, mostChanges).map(({ incidentId }) => incidentId),
      ...incidents.slice(0, mostIncidents).map(({ id }) => id),
    ]),
  ];
}

function shown({ waiting, incidents, modes, lowered }: Shown, { cardUrls }: HomeFacts): KnownBlock[] {
  const linked = (lines: string[], name: string, incidentId: IncidentId): KnownBlock => {
    const url = cardUrls.get(incidentId) ?? null;
    const accessory = url === null ? {} : { accessory: linkButton(name, "Open the card", url) };
    return { ...section(lines, 1200), ...accessory };
  };
  const asked = waiting.slice(0, mostChanges);
  const open = incidents.slice(0, mostIncidents);
  const where = modeLines(modes);
  return [
    { type: "divider" },
    section([`*Waiting for your decision: ${waiting.length}*`]),
    ...asked.map((change) => linked(waitingLines(change), change.id, change.incidentId)),
    ...left(waiting.length - asked.length, "`/ops pending`"),
    ...(waiting.length === 0 ? [section(["Nothing waits for you."])] : []),
    { type: "divider" },
    section([`*Open incidents: ${incidents.length}*`]),
    ...open.map((incident) => linked(incidentLines(incident), incident.id, incident.id)),
    ...left(incidents.length - open.length, "`/ops status`"),
    ...(incidents.length === 0 ? [section(["No incident is open."])] : []),
    { type: "divider" },
    section(["*What Signalman may do now, and why*"]),
    ...where.slice(0, mostModes).map((lines) => section(lines, 2900)),
    ...left(where.length - mostModes, "`/ops status`"),
    ...lowered.slice(0, mostLowered).map(loweredBlock),
    ...left(lowered.length - mostLowered, "`/ops controls`"),
  ];
}

function loweredBlock({ state, mayResume }: Shown["lowered"][number]): KnownBlock {
  const resume = { accessory: button("control_resume", "Resume", scopeValue(state.scope)) };
  return { ...section(loweredLines(state), 2900), ...(mayResume && resume) };
}

function left(count: number, command: string): KnownBlock[] {
  return count > 0 ? [section([`… and ${count} more: ${command}.`])] : [];
}

function waitingLines(change: ChangeState): string[] {
  const { proposal, version, votes, expiresAt } = change;
  const until = expiresAt === null ? "" : ` Expires ${when(expiresAt)}.`;
  const so = votes.length === 0 ? "" : ` ${countWords(votes.length, "vote")} so far.`;
  const by = mrkdwn(requesterText(proposal.action.actor.requester), 80);
  return [
    `*${change.id}*${version > 1 ? `, version ${version}` : ""}: ${sentence(mrkdwn(proposal.summary, 240))}`,
    `This is ${placeOf(change)}. Asked by ${by}.${so}${until}`,
  ];
}

function incidentLines(incident: IncidentState): string[] {
  const { acknowledgedBy, severity } = incident;
  const onIt =
    acknowledgedBy === null ? "Nobody is on it yet." : `On it: ${mrkdwn(acknowledgedBy.name, 80)}.`;
  return [
    `*${mrkdwn(titleOf(incident), 200)}*`,
    `${mrkdwn(whereWords(incident), 160)}. Since ${when(startOf(incident))}, severity ${severity}. ${onIt}`,
  ];
}

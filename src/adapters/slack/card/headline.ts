import type { KnownBlock } from "@slack/types";
import { mostFiring } from "../../../domain/incident/heard-alerts.ts";
import { countFiring, type IncidentState } from "../../../domain/incident/incident.ts";
import { requesterText } from "../../../domain/people.ts";
import type { IncidentView } from "../../../pipeline/ports/announcer.ts";
import { header, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { countWords, when } from "../words.ts";

/** What is wrong, since when, how bad, where. */
export function headline(view: IncidentView): KnownBlock[] {
  const { incident } = view;
  return [
    header(titleOf(incident)),
    section([whereLine(view), sinceLine(incident), ...moreLines(incident)], 1100),
  ];
}

export function titleOf(incident: IncidentState): string {
  const lead = incident.kind === "request" ? "Request" : severityWords[incident.severity];
  return `${incident.status === "open" ? lead : `${lead}, ${incident.status}`}: ${incident.title}`;
}

export function whereWords(incident: IncidentState): string {
  const { scope } = incident;
  return scope === null ? "no service of the catalogue" : `${scope.service}, ${scope.environmentName}`;
}

const severityWords = { critical: "Critical", error: "Error", warning: "Warning", info: "Info" } as const;

function whereLine({ incident, service }: IncidentView): string {
  const { scope } = incident;
  if (scope === null) {
    const because = mrkdwn(incident.noScopeBecause ?? "no service of the catalogue matches", 300);
    return `*Where:* ${because}, so there is evidence only and nothing can be changed.`;
  }
  const owner = service === null ? "" : ` Owner: ${mrkdwn(service.owner, 80)}.`;
  return `*Where:* ${code(scope.service)} in *${mrkdwn(scope.environmentName, 60)}* (${code(scope.project)} / ${code(scope.environment)}).${owner}`;
}

function sinceLine(incident: IncidentState): string {
  if (incident.kind === "request") {
    const { report, requester } = incident;
    const about = report === undefined ? "" : `, about a message of ${when(report.at)}`;
    return `*Asked:* ${when(incident.openedAt)} by ${mrkdwn(requesterText(requester), 80)}${about}.`;
  }
  const firing = countFiring(incident);
  const atLeast = firing < mostFiring ? "" : "at least ";
  const alerts = `${countWords(incident.alertCount, "alert")}, ${atLeast}${firing} firing`;
  const ended = incident.resolvedAt === null ? "" : ` Resolved ${when(incident.resolvedAt)}.`;
  return `*Since:* ${when(startOf(incident))}. *Severity:* ${incident.severity}. ${alerts}.${ended}`;
}

/** When the trouble began: as a person's message dates it, else the earliest start of an alert of this episode, else the episode's own. */
export function startOf({ alerts, report, openedAt, episodeStartedAt }: IncidentState): string {
  if (report !== undefined && episodeStartedAt === openedAt) return report.at;
  const heard = alerts.filter((known) => known.joinedAt >= episodeStartedAt);
  const starts = heard.map((known) => known.alert.startedAt).toSorted();
  return starts[0] ?? episodeStartedAt;
}

function moreLines(incident: IncidentState): string[] {
  const newest = incident.alerts.at(-1)?.alert;
  const lines: string[] = [];
  if (newest !== undefined && newest.summary !== "" && newest.summary !== incident.title) {
    lines.push(`*Alert says:* ${mrkdwn(newest.summary, 300)}`);
  }
  if (incident.report !== undefined && incident.report.text !== incident.title) {
    lines.push(`*Message says:* ${mrkdwn(incident.report.text, 300)}`);
  }
  if (incident.acknowledgedBy !== null) {
    const { name, at } = incident.acknowledgedBy;
    lines.push(`*On it:* ${mrkdwn(name, 80)}, since ${when(at)}.`);
  }
  return lines;
}

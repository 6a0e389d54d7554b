import type { EvidenceItem } from "../../domain/evidence/evidence.ts";
import { gapId } from "../../domain/evidence/evidence-id.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { gone, namesSecret } from "../../domain/redact.ts";
import type { DraftBrief } from "../../pipeline/ports/drafter.ts";
import { escapeMarks } from "./escape-marks.ts";

const mostAlerts = 10;

/**
 * The one place where outside texts enter a prompt: as strings of one JSON document, which is all that the user
 * message holds. Every text is one line, without credentials, control or bidirectional characters and marks of chat
 * templates, and short.
 */
export function userMessage({ incident, service, evidence, candidates, investigated }: DraftBrief): string {
  const document = {
    incident: {
      id: incident.id,
      title: outsideText(incident.title),
      severity: incident.severity,
      service: service?.name ?? null,
      environment: incident.scope?.environment ?? null,
      openedAt: incident.openedAt,
      ...(incident.report !== undefined && {
        askedAbout: { message: outsideText(incident.report.text, 1000), writtenAt: incident.report.at },
      }),
      alerts: incident.alerts.slice(-mostAlerts).map(({ alert, resolvedAt }) => ({
        title: outsideText(alert.title),
        summary: outsideText(alert.summary, 1000),
        startedAt: alert.startedAt,
        resolvedAt,
        labels: outsideLabels(alert.labels),
      })),
    },
    evidence: {
      from: evidence.from,
      to: evidence.to,
      items: evidence.items.map(shownItem),
      gaps: evidence.gaps.map(({ source, reason }, index) => ({
        id: gapId(index),
        source: outsideText(source),
        reason: outsideText(reason),
      })),
    },
    candidates: candidates.map(({ id, flagKey, operation, summary, diff, maxMovedPercent }) => ({
      id,
      flagKey: outsideText(flagKey),
      tool: operation.tool,
      summary: outsideText(summary),
      diff: diff.map((line) => outsideText(line)),
      atMostUsersAffected: `${maxMovedPercent}%`,
    })),
    ...(investigated !== undefined && {
      investigation: {
        calls: investigated.calls.map(({ tool, arguments: asked, outcome, because, evidenceIds }) => ({
          tool: outsideText(tool, 64),
          asked: outsideText(asked, 300),
          outcome,
          because: outsideText(because),
          evidence: evidenceIds,
        })),
        ended: `${outsideText(investigated.ended, 300)} Nothing more can be looked at: conclude.`,
      },
    }),
  };
  return escapeMarks(JSON.stringify(document));
}

/** What a drafter can use of an item; points, ids of other systems and addresses of people are left out. */
export function shownItem(item: EvidenceItem): Record<string, unknown> {
  const { id, kind, title, text } = item;
  const base = { id, kind, title: outsideText(title), text: text.map((line) => outsideText(line)) };
  switch (item.kind) {
    case "flag_change":
      return {
        ...base,
        flagKey: outsideText(item.ref.key),
        at: item.at,
        moreUsersGet: item.gainedNames.map((name) => outsideText(name, 80)),
        atMostUsersAffected: item.movedPercent === null ? "unknown" : `${item.movedPercent}%`,
        stillInEffect: item.inEffect,
        madeBySignalman: item.ownChangeId,
      };
    case "flag_change_elsewhere":
      return {
        ...base,
        flagKey: outsideText(item.ref.key),
        at: item.at,
        otherEnvironment: outsideText(item.environmentName, 80),
      };
    case "flag_state":
      return { ...base, flagKey: outsideText(item.ref.key), lastChangedAt: item.lastChangedAt };
    case "metric": {
      const { queryId, unit, badDirection, before, after, trend, onsetAt, shift } = item;
      return {
        ...base,
        queryId,
        unit,
        badDirection,
        before,
        after,
        trend,
        onsetAt,
        shift,
        labels: outsideLabels(item.labels),
      };
    }
    case "deploy":
      return { ...base, at: item.at, version: outsideText(item.version, 80), state: item.state };
    case "change":
      return { ...base, at: item.at, what: item.what, state: item.state };
    case "past_incident":
      return {
        ...base,
        at: item.at,
        cause: item.cause,
        change:
          item.change === null
            ? null
            : {
                flagKey: outsideText(item.change.flagKey),
                status: item.change.status,
                verdict: item.change.verdict,
              },
      };
    case "runbook":
      return {
        ...base,
        allowedActions: item.allowedActions,
        manualSteps: item.manualSteps.slice(0, 12).map((step) => outsideText(step)),
      };
  }
}

function outsideLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels)
      .slice(0, 30)
      .map(([name, value]) => [outsideText(name, 80), namesSecret(name) ? gone : outsideText(value)]),
  );
}

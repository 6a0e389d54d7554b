import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { type Runbook, symptomsShown, wordsOfAlert } from "../../domain/runbook.ts";
import type { Service } from "../../domain/service.ts";
import type { Unnumbered } from "./describe-flag-change.ts";

const mostRunbooks = 3;

/**
 * Runbooks whose symptoms the incident's alerts and metrics show, the best match first. A service that names some has
 * only those.
 */
export function matchRunbooks(
  runbooks: readonly Runbook[],
  service: Service,
  incident: IncidentState,
  metrics: readonly Pick<EvidenceOf<"metric">, "queryId" | "trend">[],
): Unnumbered<EvidenceOf<"runbook">>[] {
  const trends = new Map(
    [...Map.groupBy(metrics, ({ queryId }) => queryId)].map(([id, series]) => [
      id,
      new Set(series.map(({ trend }) => trend)),
    ]),
  );
  const { report } = incident;
  const asked = report === undefined ? [] : [{ title: "", summary: report.text, labels: {} }];
  const alerts = [...incident.alerts.map(({ alert }) => alert), ...asked].map((alert) => ({
    alert,
    words: wordsOfAlert(alert),
  }));
  return runbooks
    .filter(({ id }) => service.runbooks.length === 0 || service.runbooks.includes(id))
    .map((runbook) => ({
      runbook,
      shown: Math.max(0, ...alerts.map(({ alert, words }) => symptomsShown(runbook, alert, trends, words))),
    }))
    .filter(({ shown }) => shown > 0)
    .toSorted((a, b) => b.shown - a.shown || (a.runbook.id < b.runbook.id ? -1 : 1))
    .slice(0, mostRunbooks)
    .map(({ runbook }) => describeRunbook(runbook));
}

export function describeRunbook(runbook: Runbook): Unnumbered<EvidenceOf<"runbook">> {
  const { id, title, owner, allowedActions, maxRolloutPercent, manualSteps } = runbook;
  const actions = allowedActions.length === 0 ? "no flag change" : allowedActions.join(", ");
  return {
    kind: "runbook",
    title: `Runbook: ${title}`,
    text: [
      `Owner: ${owner}. It allows: ${actions}.`,
      ...(maxRolloutPercent === null ? [] : [`No wider rollout than ${maxRolloutPercent}%.`]),
    ],
    runbookId: id,
    allowedActions: [...allowedActions],
    maxRolloutPercent,
    manualSteps: [...manualSteps],
  };
}

import type { IncidentEvent } from "../incident/events.ts";
import { agentName } from "../assessment.ts";
import { requesterText } from "../people.ts";
import { decisionLines, indented, type Told } from "./told.ts";

/** One event of an incident for a person who reads the ledger. */
export function tellIncident(event: IncidentEvent): Told {
  switch (event.type) {
    case "incident_opened": {
      const { scope } = event;
      const where = scope === null ? "no known service" : `${scope.service}, ${scope.environmentName}`;
      return {
        what: "opened",
        who: requesterText(event.requester),
        lines: [
          `${event.severity}: ${event.title}`,
          `${where}; request ${event.correlationId}`,
          ...(event.report === undefined
            ? []
            : [`about a message of ${event.report.at}: ${event.report.text}`]),
        ],
      };
    }
    case "alert_joined":
      return {
        what: "alert",
        who: `alert source ${event.alert.sourceId}`,
        lines: [`${event.alert.status}: ${event.alert.title}`, `delivery ${event.deliveryId}`],
      };
    case "alert_counted":
      return {
        what: "alert",
        who: `alert source ${event.sourceId}`,
        lines: [`counted only: ${event.kind}`, `delivery ${event.deliveryId}`],
      };
    case "flapping_started":
      return { what: "flapping", who: "", lines: [`came back ${event.times} times`] };
    case "alert_resolved":
      return { what: "alert over", who: "", lines: [`fingerprint ${event.fingerprint}`] };
    case "evidence_gathered":
      return {
        what: "evidence",
        who: "",
        lines: [
          `${event.items} items, hash ${event.hash}`,
          ...event.gaps.map(({ source, reason }) => `gap: ${source}: ${reason}`),
        ],
      };
    case "tool_called": {
      const { tool, outcome, because, decision, evidenceIds, ms } = event;
      const asked = event.arguments === "" ? `arguments ${event.argumentsHash}` : event.arguments;
      return {
        what: "tool called",
        who: "the model",
        lines: [
          `${tool} ${asked}`,
          `${outcome} in ${ms} ms${because === "" ? "" : `: ${because}`}`,
          ...(decision === null
            ? []
            : [`policy: ${decision.kind} in mode ${decision.mode} (${decision.rule}): ${decision.reason}`]),
          ...(evidenceIds.length === 0 ? [] : [`showed ${evidenceIds.join(", ")}`]),
        ],
      };
    }
    case "assessed": {
      const { assessment, candidates, transcript } = event;
      return {
        what: "assessed",
        who: agentName(assessment.route),
        lines: [
          `cause ${assessment.cause}, confidence ${assessment.confidence}`,
          assessment.summary,
          ...assessment.route.steps.map(({ route, because }) => `not by ${route}: ${because}`),
          ...(assessment.route.investigation === undefined
            ? []
            : [
                `investigated first: ${assessment.route.investigation.calls} calls; ${assessment.route.investigation.ended}`,
              ]),
          ...(assessment.route.fellBack === null ? [] : [`rules took over: ${assessment.route.fellBack}`]),
          ...assessment.suspects.map(
            ({ flagKey, confidence, why, citations }) =>
              `suspect ${flagKey} (${confidence}): ${why} [${citations.join(", ")}]`,
          ),
          ...candidates.map(
            ({ id, summary }) =>
              `candidate ${id}${id === assessment.candidateId ? " (chosen)" : ""}: ${summary}`,
          ),
          ...indented("dropped", assessment.dropped),
          ...(transcript === null ? [] : [`transcript hash ${transcript.hash}`]),
        ],
      };
    }
    case "no_change_recommended":
      return { what: "no change", who: "", lines: [event.reason] };
    case "drafting_withheld":
      return { what: "withheld", who: "", lines: decisionLines("drafting", event.decision) };
    case "investigation_renewed":
      return { what: "looked at again", who: "", lines: [event.reason] };
    case "redraft_requested":
      return {
        what: "redraft",
        who: `${event.name} (${event.userId})`,
        lines: [`asked for ${event.changeId} to be drafted anew`],
      };
    case "feedback_given":
      return {
        what: "feedback",
        who: `${event.name} (${event.userId})`,
        lines: [event.useful ? "useful" : "not useful"],
      };
    case "linked_to_change":
      return { what: "linked", who: "", lines: [`to ${event.changeId}`] };
    case "acknowledged":
      return { what: "acknowledged", who: `${event.name} (${event.userId})`, lines: [] };
    case "muted":
      return { what: "muted", who: event.userId, lines: [`until ${event.until}: ${event.reason}`] };
    case "mute_lifted":
      return { what: "mute lifted", who: event.userId, lines: [event.reason] };
    case "incident_resolved":
      return { what: "resolved", who: "", lines: [] };
    case "action_refused":
      return {
        what: `${event.action} refused`,
        who: `${event.name} (${event.userId})`,
        lines: [event.reason],
      };
    case "incident_closed":
      return {
        what: "closed",
        who: event.userId === "" ? "" : `${event.name ?? "somebody"} (${event.userId})`,
        lines: event.reason === undefined || event.reason === "" ? [] : [event.reason],
      };
  }
}

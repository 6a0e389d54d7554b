import type { Severity } from "../../../domain/alert.ts";
import type { ChangeState, ChangeStatus } from "../../../domain/change/change.ts";
import type { IncidentState } from "../../../domain/incident/incident.ts";
import type { Mode } from "../../../domain/policy/mode.ts";
import type { Decision } from "../../../domain/policy/decision.ts";
import type { Verdict } from "../../../domain/verification.ts";
import type { Html } from "../html.ts";
import { badge, type Tone } from "./words.ts";

const severityTones: Record<Severity, Tone> = {
  critical: "bad",
  error: "bad",
  warning: "warn",
  info: "calm",
};

export function severityBadge(severity: Severity): Html {
  return badge(severity, severityTones[severity]);
}

export function incidentBadge({ status, flappingSince }: IncidentState): Html {
  if (status === "open" && flappingSince !== null) return badge("open, flapping", "warn");
  return badge(status, status === "open" ? "warn" : status === "resolved" ? "good" : "off");
}

const changeTones: Record<ChangeStatus, Tone> = {
  denied: "off",
  shown: "calm",
  awaiting_approval: "warn",
  approved: "calm",
  executing: "calm",
  applied: "good",
  rejected: "off",
  expired: "off",
  superseded: "off",
  failed: "bad",
  needs_human: "bad",
  closed: "good",
};

const resolutions = {
  keep: "kept",
  expand: "expanded",
  roll_back: "rolled back",
  clean_up: "to be cleaned up",
};

export function changeBadge({ status, closure, reviewDue }: ChangeState): Html {
  if (reviewDue) return badge("review due", "warn");
  if (status === "closed" && closure !== null)
    return badge(`closed: ${resolutions[closure.resolution]}`, "good");
  return badge(status === "needs_human" ? "needs a person" : status.replace("_", " "), changeTones[status]);
}

const decisions = {
  allow: { word: "allowed", tone: "good" },
  queue_for_review: { word: "needs approval", tone: "warn" },
  constrain: { word: "constrained", tone: "calm" },
  fallback: { word: "fallback", tone: "warn" },
  deny: { word: "denied", tone: "off" },
} as const satisfies Record<Decision["kind"], { word: string; tone: Tone }>;

export function decisionBadge(kind: Decision["kind"]): Html {
  return badge(decisions[kind].word, decisions[kind].tone);
}

const verdictTones: Record<Verdict, Tone> = {
  recovered: "good",
  improved: "good",
  no_effect: "warn",
  worse: "bad",
  no_data: "off",
};

export function verdictBadge(verdict: Verdict): Html {
  return badge(verdict.replace("_", " "), verdictTones[verdict]);
}

export function modeBadge(mode: Mode): Html {
  return badge(
    mode.replaceAll("_", " "),
    mode === "approval_required" ? "good" : mode === "off" ? "off" : "calm",
  );
}

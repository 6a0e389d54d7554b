import type { EvaluatedControl } from "../../../domain/policy/controls.ts";
import type { Decision } from "../../../domain/policy/decision.ts";
import { spanWords } from "../../../domain/evidence/evidence-words.ts";
import { cut, html, type Html } from "../html.ts";
import { decisionBadge, modeBadge } from "./status.ts";
import { table } from "./table.ts";
import { code, countWords, facts, lines } from "./words.ts";

/** What policy said, by which rule, and every control that was looked at. */
export function decided(decision: Decision): Html {
  const { kind, mode, rule, reasons, policyHash } = decision;
  const needs = "requirement" in decision ? decision.requirement : null;
  return html`${facts([
    { name: "Answer", value: decisionBadge(kind) },
    { name: "Effective mode", value: modeBadge(mode) },
    { name: "By rule", value: code(rule) },
    needs !== null && {
      name: "Approvals",
      value: `${countWords(needs.count, "approval")} by ${needs.roles.join(" or ")}, within ${spanWords(needs.expiresAfterMs)}${needs.separationOfDuties ? "; not by who asked" : ""}`,
    },
    decision.hardAuthorization !== "" && {
      name: "May ever happen",
      value: cut(decision.hardAuthorization, 300),
    },
    policyHash !== "" && { name: "Rules decided under", value: code(policyHash) },
  ])}
  ${lines([...reasons, ...(needs?.raisedBecause ?? [])])} ${guardrails(decision)}
  ${controls(decision.controls)}`;
}

/** Those that had something to say, each with what it looked at. */
function guardrails({ guardrails: found }: Decision): Html | null {
  return lines(
    found.flatMap((finding) =>
      finding.verdict === "pass"
        ? []
        : [`Guardrail ${finding.guardrail}: ${[finding.reason, ...finding.evidence].join(" ")}`],
    ),
  );
}

export function controls(list: readonly EvaluatedControl[]): Html | null {
  if (list.length === 0) return null;
  return table(
    "Controls evaluated",
    [
      { name: "Control", cell: ({ key }: EvaluatedControl) => code(key) },
      { name: "Value", cell: ({ value }) => code(value === "" ? "(empty)" : value) },
      { name: "Why", cell: ({ reason }) => reason },
    ],
    list,
  );
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AuthorityEvent } from "../../../src/domain/authority/events.ts";
import { ChangeEvent } from "../../../src/domain/change/events.ts";
import { checkGuardrails } from "../../../src/domain/guard/check-guardrails.ts";
import { ChaseStep, Decision } from "../../../src/domain/policy/decision.ts";
import { Mode } from "../../../src/domain/policy/mode.ts";
import { StandingEvent } from "../../../src/domain/standing/events.ts";
import { guardFacts, guardrailsWith } from "../../support/guard-fixtures.ts";

const root = join(import.meta.dirname, "..", "..", "e2e");

/** What may come of it, how people and flags bring it about, and the test that does (its file in test/e2e, its words). */
type Row = [outcome: string, how: string, file: string, says: string];

const table: Row[] = [
  ["decision queue_for_review", "an alert, mode approval_required", "loop.test.ts", "plays the loop"],
  ["decision allow", "Approve by a permitted person", "loop.test.ts", "plays the loop"],
  [
    "decision constrain",
    "FeatBit: signalman-mode = draft_write",
    "modes.test.ts",
    "draft_write: the candidate",
  ],
  ["decision deny", "FeatBit: signalman-denied-tools", "modes.test.ts", "a denied tool"],
  [
    "decision fallback",
    "a review queue that nobody keeps up with",
    "guardrails.test.ts",
    "a review queue that people",
  ],
  ["mode off", "FeatBit: signalman-mode = off", "modes.test.ts", "off: the incident is recorded"],
  ["mode observe", "FeatBit: signalman-mode = observe", "modes.test.ts", "observe: a draft in the ledger"],
  ["mode fallback", "FeatBit: signalman-mode = fallback", "modes.test.ts", "fallback: rules look"],
  [
    "mode search_only",
    "FeatBit: signalman-mode = search_only",
    "modes.test.ts",
    "search_only: evidence and suspects",
  ],
  [
    "mode draft_write",
    "FeatBit: signalman-mode = draft_write",
    "modes.test.ts",
    "draft_write: the candidate",
  ],
  ["mode approval_required", "FeatBit: signalman-mode", "loop.test.ts", "plays the loop"],
  ["guardrail source_allowlist", "guardrails.yml", "guardrail-rules.test.ts", "source_allowlist:"],
  ["guardrail tool_denylist", "guardrails.yml", "guardrail-rules.test.ts", "tool_denylist:"],
  ["guardrail risk_threshold", "guardrails.yml", "guardrail-rules.test.ts", "risk_threshold:"],
  ["guardrail scope_limits", "guardrails.yml", "guardrail-rules.test.ts", "scope_limits:"],
  [
    "guardrail source_binding",
    "mayLeadTo of the source",
    "intake/out-of-reach.test.ts",
    "lets no source lead to a flag beyond its reach",
  ],
  [
    "guardrail runbook_limits",
    "/ops propose beyond the runbook of an open incident",
    "guardrail-rules.test.ts",
    "runbook_limits:",
  ],
  ["guardrail blast_radius", "guardrails.yml", "guardrail-rules.test.ts", "blast_radius:"],
  ["guardrail frozen_window", "guardrails.yml", "guardrails.test.ts", "a frozen window that yields"],
  [
    "guardrail running_experiment",
    "the flag in FeatBit",
    "guardrails.test.ts",
    "a flag in a running experiment",
  ],
  [
    "guardrail pending_change",
    "a schedule in FeatBit",
    "guardrails.test.ts",
    "a change that waits in FeatBit",
  ],
  [
    "guardrail review_queue",
    "a draft that nobody decides on",
    "guardrails.test.ts",
    "a review queue that people",
  ],
  ["quality signal", "Reject, again and again", "guardrails.test.ts", "drafts that go wrong too often"],
  ["recent editor", "a change by hand in FeatBit", "guardrails.test.ts", "who changed the flag lately"],
  [
    "unmatched editor",
    "a change by a token in FeatBit",
    "guardrails.test.ts",
    "an editor whom nobody can tell",
  ],
  ["change change_proposed", "an alert, or /ops propose", "proposals.test.ts", "takes a person's wish"],
  ["change change_revised", "Edit", "emergency.test.ts", "edits a draft"],
  ["change decided", "an alert", "loop.test.ts", "plays the loop"],
  ["change vote_cast", "Approve or Reject", "loop.test.ts", "plays the loop"],
  ["change vote_refused", "Approve by whoever may not", "loop.test.ts", "plays the loop"],
  [
    "change action_refused",
    "Emergency with other words or by whoever may not",
    "emergency.test.ts",
    "edits a draft",
  ],
  ["change change_approved", "the vote that completes the quorum", "loop.test.ts", "plays the loop"],
  ["change change_rejected", "Reject", "guardrails.test.ts", "drafts that go wrong too often"],
  [
    "change change_denied",
    "the mode goes down after the approval",
    "modes.test.ts",
    "the mode is lowered between approval and execution",
  ],
  ["change change_expired", "nobody decides", "emergency.test.ts", "reminds, calls others"],
  [
    "change change_superseded",
    "somebody changes the flag first",
    "staleness.test.ts",
    "stops when somebody has changed the flag",
  ],
  ["change votes_voided", "the approver loses the role", "modes.test.ts", "the approver loses the role"],
  ["change approval_chased", "nobody decides", "emergency.test.ts", "reminds, calls others"],
  ["change attested", "State it", "emergency.test.ts", "archives a flag once somebody has stated"],
  ["change glass_broken", "Emergency", "emergency.test.ts", "in an emergency, for a short time"],
  [
    "change standing_used",
    "an alert under a standing approval",
    "standing-approval.test.ts",
    "used by an alert without a click",
  ],
  ["change execution_started", "Approve", "loop.test.ts", "plays the loop"],
  [
    "change execution_uncertain",
    "FeatBit's answer is lost",
    "../faults/trials/featbit-write.ts",
    "read back, applied exactly once",
  ],
  ["change change_applied", "Approve", "loop.test.ts", "plays the loop"],
  [
    "change execution_failed",
    "a write token without the right",
    "archive.test.ts",
    "fails where the token lacks the right",
  ],
  [
    "change human_needed",
    "the flag moved while the answer was lost",
    "../unit/pipeline/execute-settles.test.ts",
    "needs_human",
  ],
  ["change change_verified", "the metric afterwards", "loop.test.ts", "plays the loop"],
  ["change change_closed", "Keep", "loop.test.ts", "plays the loop"],
  ["change review_due", "the review date", "loop.test.ts", "plays the loop"],
  ["chase reminder", "nobody decides", "emergency.test.ts", "reminds, calls others"],
  ["chase sla_missed", "nobody decides", "emergency.test.ts", "reminds, calls others"],
  ["chase escalation", "nobody decides", "emergency.test.ts", "reminds, calls others"],
  [
    "authority override_set",
    "/ops pause, mode, deny, strict",
    "incident-controls.test.ts",
    "lets people take authority away",
  ],
  ["authority resume_requested", "/ops resume", "incident-controls.test.ts", "give it back by two"],
  [
    "authority authority_resumed",
    "/ops resume by a second person",
    "incident-controls.test.ts",
    "give it back by two",
  ],
  [
    "authority override_refused",
    "/ops pause by whoever may not",
    "incident-controls.test.ts",
    "lets people take authority away",
  ],
  [
    "authority authority_lowered",
    "Reject, again and again",
    "guardrails.test.ts",
    "drafts that go wrong too often",
  ],
  ["standing standing_requested", "/ops standing", "standing-approval.test.ts", "is granted by two"],
  ["standing standing_endorsed", "Agree", "standing-approval.test.ts", "is granted by two"],
  ["standing standing_granted", "Agree", "standing-approval.test.ts", "is granted by two"],
  ["standing standing_used", "an alert", "standing-approval.test.ts", "used by an alert"],
  ["standing standing_revoked", "Revoke", "standing-approval.test.ts", "and revoked"],
  ["standing standing_refused", "Agree by whoever may not", "standing-approval.test.ts", "is granted by two"],
];

function types(options: readonly { shape: { type: { value: string } } }[], kind: string): string[] {
  return options.map(({ shape }) => `${kind} ${shape.type.value}`);
}

/** Everything that the code can bring about, read from the code itself. */
function everything(): string[] {
  const guardrails = checkGuardrails(guardFacts(), guardrailsWith({}));
  return [
    ...Decision.options.map(({ shape }) => `decision ${shape.kind.value}`),
    ...Mode.options.map((mode) => `mode ${mode}`),
    ...guardrails.map(({ guardrail }) => `guardrail ${guardrail}`),
    ...types(ChangeEvent.options, "change"),
    ...ChaseStep.shape.kind.options.map((kind) => `chase ${kind}`),
    ...types(AuthorityEvent.options, "authority"),
    ...types(StandingEvent.options, "standing"),
    "quality signal",
    "recent editor",
    "unmatched editor",
  ];
}

test("every outcome of governance is brought about through Slack and FeatBit by a test that stands here", () => {
  const wide = Math.max(...table.map(([outcome]) => outcome.length));
  const middle = Math.max(...table.map(([, how]) => how.length));
  process.stdout.write(
    table.map(([outcome, how, file]) => `${outcome.padEnd(wide)}  ${how.padEnd(middle)}  ${file}\n`).join(""),
  );
  expect(table.map(([outcome]) => outcome).toSorted()).toEqual(everything().toSorted());
  const wrong = table.filter(([, , file, says]) => !readFileSync(join(root, file), "utf8").includes(says));
  expect(wrong).toEqual([]);
});

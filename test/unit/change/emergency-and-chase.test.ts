import { describe, expect, it } from "vitest";
import { type ChangeState, evolveChange } from "../../../src/domain/change/change.ts";
import type { ChangeCommand } from "../../../src/domain/change/change-command.ts";
import { nextChase } from "../../../src/domain/change/decide-chase.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import { type Instant, later, StandingId, toInstant } from "../../../src/domain/ids.ts";
import { type ApprovalRequirement, Decision } from "../../../src/domain/policy/decision.ts";
import {
  changeId,
  correlationId,
  decisions,
  incidentId,
  propose,
  proposalFor,
  requirement,
  reviseCommand,
  voteCommand,
} from "../../support/change-fixtures.ts";

const start = toInstant(Date.UTC(2026, 10, 21, 3));
const minute = 60_000;
const proposal = proposalFor();
const { digest } = proposal;

function needing(over: Partial<ApprovalRequirement>, decision: Decision = decisions.queue()): Decision {
  return Decision.parse({ ...decision, requirement: { ...requirement(), ...over } });
}

function run(steps: readonly [ChangeCommand, Instant][], from: ChangeState | null = null): ChangeState {
  let state = from;
  for (const [command, now] of steps) {
    const answer = decideChange(command, state, now);
    if (answer.kind === "refused") throw new Error(`${command.command}: ${answer.reason}`);
    for (const event of answer.events) state = evolveChange(changeId, state, event);
  }
  if (state === null) throw new Error("no events");
  return state;
}

const breaking = (over: Partial<Extract<ChangeCommand, { command: "break_glass" }>> = {}): ChangeCommand => ({
  command: "break_glass",
  person: { userId: "U0RUTH", name: "Ruth" },
  permission: { kind: "granted", roles: ["release-manager"] },
  words: `EMERGENCY ${changeId} `,
  rationale: "The shop is down.",
  validForMs: 10 * minute,
  version: 1,
  digest,
  decision: { ...decisions.allow(2), rule: "break_glass" },
  ...over,
});
const beginWith = (decision: Decision): ChangeCommand => ({
  command: "begin",
  operationId: "op-1",
  epoch: 1,
  digest,
  decision,
});
const begin = (rule: string, over: Partial<ApprovalRequirement> = {}) =>
  beginWith({ ...needing({ count: 2, ...over }, decisions.allow()), rule });

describe("breaking the glass", () => {
  const waiting = run([[propose(decisions.queue(2)), start]]);

  it("approves alone, for as long as the contract lets it", () => {
    const state = run([[breaking(), later(start, minute)]], waiting);
    expect(state).toMatchObject({ status: "approved", expiresAt: later(start, 11 * minute), votes: [] });
    expect(state.glass).toMatchObject({ name: "Ruth", words: `EMERGENCY ${changeId}`, digest });
    expect(run([[begin("break_glass"), later(start, 2 * minute)]], state).status).toBe("executing");
  });

  it.each([
    ["other words", { words: "yes" }, "invalid", []],
    ["no reason", { rationale: " " }, "invalid", []],
    ["an older version", { version: 2 }, "old_version", ["action_refused"]],
    ["another digest", { digest: `sha256:${"0".repeat(64)}` }, "old_version", ["action_refused"]],
    [
      "somebody who may not",
      { permission: { kind: "refused" as const, reason: "no role" } },
      "not_permitted",
      ["action_refused"],
    ],
    [
      "policy that says otherwise",
      { decision: decisions.queue(2) },
      "not_now",
      ["decided", "action_refused"],
    ],
    [
      "an allowance for another reason",
      { decision: decisions.allow(1) },
      "not_now",
      ["decided", "action_refused"],
    ],
  ])("is refused with %s", (_, over, code, recorded) => {
    const answer = decideChange(breaking(over), waiting, start);
    expect(answer).toMatchObject({ kind: "refused", code });
    expect(answer.events.map(({ type }) => type)).toEqual(recorded);
  });

  it("counts for nothing once the votes were voided, and never as a vote", () => {
    const state = run([[breaking(), start]], waiting);
    expect(decideChange(begin("approved"), state, start)).toMatchObject({ kind: "refused", code: "invalid" });
    const again = run([[beginWith(decisions.queue(2)), start]], state);
    expect(again).toMatchObject({ status: "awaiting_approval", glass: null });
  });
});

describe("what has to be stated first", () => {
  const statement = "No code refers to this flag any more.";
  const asked = needing({ attestation: statement });
  const waiting = run([[propose(asked), start]]);
  const vote = voteCommand(proposal, { decision: needing({ attestation: statement }, decisions.allow()) });
  const attest: ChangeCommand = {
    command: "attest",
    person: { userId: "U0ANN", name: "Ann" },
    version: 1,
    digest,
  };

  it("keeps everybody from approving, and is said once", () => {
    expect(decideChange(vote, waiting, start)).toMatchObject({ kind: "refused", code: "not_now" });
    const stated = run([[attest, start]], waiting);
    expect(stated.attestation).toMatchObject({ name: "Ann", statement, digest });
    expect(decideChange(attest, stated, start)).toEqual({ kind: "events", events: [] });
    expect(run([[vote, start]], stated).status).toBe("approved");
  });

  it("is asked of an emergency as well, and once more of another version", () => {
    const glass = breaking({
      decision: {
        ...needing({ attestation: statement }, decisions.allow()),
        rule: "break_glass",
      },
    });
    expect(decideChange(glass, waiting, start)).toMatchObject({ kind: "refused", code: "not_now" });
    const revise = reviseCommand(proposal, { decision: asked });
    expect(
      run(
        [
          [attest, start],
          [revise, start],
        ],
        waiting,
      ).attestation,
    ).toBeNull();
  });

  it("is looked for in the ledger before anything runs", () => {
    const approved = run([[voteCommand(proposal), start]], run([[propose(decisions.queue()), start]]));
    expect(
      decideChange(begin("approved", { count: 1, attestation: statement }), approved, start),
    ).toMatchObject({
      kind: "refused",
      code: "invalid",
    });
  });
});

describe("a standing approval", () => {
  const standing = { standingId: StandingId.parse("STA-0000000001"), by: "Ruth and Pavel" };
  const allowed = { ...decisions.allow(), rule: "standing_approval" };

  const covered: ChangeCommand = {
    command: "propose",
    incidentId,
    correlationId,
    proposal,
    decision: allowed,
    standing,
  };

  it("is a click made before: the draft is approved at once", () => {
    const answer = decideChange(covered, null, start);
    expect(answer.events.map(({ type }) => type)).toEqual([
      "change_proposed",
      "decided",
      "standing_used",
      "change_approved",
    ]);
    const state = run([[covered, start]]);
    expect(state).toMatchObject({ status: "approved", standing: { ...standing, digest } });
    expect(run([[begin("standing_approval"), start]], state).status).toBe("executing");
    expect(decideChange(begin("approved"), state, start)).toMatchObject({ kind: "refused" });
  });

  it("is nothing without its number, whatever policy says", () => {
    expect(run([[propose(allowed), start]]).status).toBe("awaiting_approval");
  });
});

const expired = (fallback: ApprovalRequirement["timeoutFallback"]) =>
  run(
    [[{ command: "expire" }, later(start, 31 * minute)]],
    run([[propose(needing({ timeoutFallback: fallback })), start]]),
  );

describe("while nobody decides", () => {
  const chase = [
    { kind: "reminder", afterMs: 5 * minute, roles: [] },
    { kind: "sla_missed", afterMs: 10 * minute, roles: [] },
    { kind: "escalation", afterMs: 15 * minute, roles: ["on-call"] },
  ] as const;
  const asked = needing({ chase: chase.map((step) => ({ ...step, roles: [...step.roles] })) });
  const waiting = run([[propose(asked), start]]);

  it("takes one step after the other, and a late one together with those before", () => {
    expect(nextChase(waiting)).toMatchObject({ step: { kind: "reminder" }, dueAt: later(start, 5 * minute) });
    expect(decideChange({ command: "chase" }, waiting, later(start, 4 * minute))).toMatchObject({
      code: "too_early",
    });
    const reminded = run([[{ command: "chase" }, later(start, 5 * minute)]], waiting);
    expect(reminded).toMatchObject({ chased: 1, escalatedTo: [] });
    const escalated = run([[{ command: "chase" }, later(start, 20 * minute)]], reminded);
    expect(escalated).toMatchObject({ chased: 3, escalatedTo: ["on-call"], status: "awaiting_approval" });
    expect(nextChase(escalated)).toBeNull();
  });

  it("ends with what the contract lets stand", () => {
    expect(expired("draft_write").ended).toMatchObject({ fallback: "draft_write" });
    expect(expired("off")).toMatchObject({ status: "expired", ended: { fallback: "off" } });
  });
});

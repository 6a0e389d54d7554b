import { describe, expect, test } from "vitest";
import { ChangeStatus, type ChangeState, evolveChange } from "../../../src/domain/change/change.ts";
import type { ChangeAnswer } from "../../../src/domain/change/change-answer.ts";
import type { ChangeCommand } from "../../../src/domain/change/change-command.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import type { ApplyOutcome, Reconciliation } from "../../../src/domain/change/outcome.ts";
import { type Instant, later, toInstant } from "../../../src/domain/ids.ts";
import {
  changeId,
  decisions,
  propose,
  proposalFor,
  reviseCommand,
  voteCommand,
} from "../../support/change-fixtures.ts";

const start = toInstant(Date.UTC(2026, 10, 21, 3));
/** After every deadline of the histories below, and after their review date. */
const late = later(start, 40 * 86_400_000);
const soon = later(start, 60_000);
const proposal = proposalFor();
const intact = { kind: "intact" } as const;

const begin = (decision = decisions.allow(), digest = proposal.digest): ChangeCommand => ({
  command: "begin",
  operationId: "op-1",
  epoch: 3,
  digest,
  decision,
});
const outcome = (of: ApplyOutcome, operationId = "op-1"): ChangeCommand => ({
  command: "record_outcome",
  operationId,
  outcome: of,
});
const found = (what: Reconciliation, operationId = "op-1"): ChangeCommand => ({
  command: "record_reconciliation",
  operationId,
  found: what,
});
const outcomes = {
  applied: { kind: "applied", revision: "rev-2", chain: intact },
  conflicted: { kind: "conflicted", current: ["On for everyone."] },
  failed: { kind: "failed", reason: "FeatBit said no." },
  unknown: { kind: "unknown", reason: "No answer within 10 s." },
} as const satisfies Record<string, ApplyOutcome>;
const unclear: Reconciliation = { kind: "unclear", reason: "Somebody else wrote.", current: ["Off."] };
const verdict: ChangeCommand = {
  command: "record_verdict",
  verification: {
    queryId: "errors",
    title: "Errors",
    unit: "%",
    verdict: "recovered",
    healthy: 1,
    troubled: 9,
    now: 1,
    from: start,
    to: soon,
    reason: "100% of the damage is gone.",
  },
};
type Close = Extract<ChangeCommand, { command: "close" }>;
const close = (over: Partial<Close> = {}): Close => ({
  command: "close",
  resolution: "keep",
  owner: "ruth",
  note: "",
  by: "Ruth",
  reviewAt: later(start, 86_400_000 * 30),
  linkedChangeId: null,
  ...over,
});
const breakGlass: ChangeCommand = {
  command: "break_glass",
  person: { userId: "U0RUTH", name: "Ruth" },
  permission: { kind: "granted", roles: ["release-manager"] },
  words: `emergency ${changeId}`,
  rationale: "The shop is down.",
  validForMs: 600_000,
  version: 1,
  digest: proposal.digest,
  decision: { ...decisions.allow(), rule: "break_glass" },
};
const supersede: ChangeCommand = { command: "supersede", reason: "moved", current: ["Off."] };
const revise = reviseCommand(proposalFor({ tool: "flag.set_off_variation", variationId: "on" }));
const approve = voteCommand(proposal);
const reject = voteCommand(proposal, { vote: "reject", decision: decisions.queue() });

const queued = propose(decisions.queue());
/** How a change really comes to each status; `late` marks steps that need a deadline to have passed. */
const ways: Record<ChangeStatus, readonly ChangeCommand[]> = {
  denied: [propose(decisions.deny())],
  shown: [propose(decisions.constrain())],
  awaiting_approval: [queued],
  approved: [queued, approve],
  executing: [queued, approve, begin()],
  applied: [queued, approve, begin(), outcome(outcomes.applied)],
  rejected: [queued, reject],
  expired: [queued, { command: "expire" }],
  superseded: [queued, supersede],
  failed: [queued, approve, begin(), outcome(outcomes.failed)],
  needs_human: [queued, approve, begin(), outcome(outcomes.unknown), found(unclear)],
  closed: [queued, approve, begin(), outcome(outcomes.applied), close()],
};

function run(commands: readonly ChangeCommand[], from: ChangeState | null = null): ChangeState {
  let state = from;
  for (const command of commands) {
    const answer = decideChange(command, state, command.command === "expire" ? late : start);
    if (answer.kind === "refused") throw new Error(`${command.command}: ${answer.reason}`);
    for (const event of answer.events) state = evolveChange(changeId, state, event);
  }
  if (state === null) throw new Error("no events");
  return state;
}

const at = (status: ChangeStatus): ChangeState => run(ways[status]);

/** `refused:code`, or the events' types; "" is an accepted command that says nothing new. */
function told(answer: ChangeAnswer): string {
  const events = answer.events.map((event) => event.type).join(" ");
  return answer.kind === "refused" ? `refused:${answer.code}${events === "" ? "" : ` ${events}`}` : events;
}

type Expected = (status: ChangeStatus) => string;

function only(
  exceptions: Partial<Record<ChangeStatus, string>>,
  otherwise = "refused:wrong_state",
): Expected {
  return (status) => exceptions[status] ?? otherwise;
}

const inExecuting = (events: string) => only({ executing: events });
/** Closed once, it is closed: only its review, or the change that undid it, speaks again. */
const inEnds = (events: string) =>
  only({
    denied: events,
    shown: events,
    rejected: events,
    expired: events,
    superseded: events,
    failed: events,
    applied: events,
    needs_human: events,
  });

/** The table of commands of docs/architecture.md, line by line. */
const table: { name: string; command: ChangeCommand; now?: Instant; expected: Expected }[] = [
  { name: "propose", command: queued, expected: only({}, "refused:exists") },
  {
    name: "vote to approve",
    command: approve,
    expected: only({ awaiting_approval: "vote_cast decided change_approved" }),
  },
  {
    name: "vote to approve, one of two",
    command: voteCommand(proposal, { decision: decisions.queue(2) }),
    expected: only({ awaiting_approval: "vote_cast decided" }),
  },
  {
    name: "vote to approve what policy denies by now",
    command: voteCommand(proposal, { decision: decisions.deny() }),
    expected: only({ awaiting_approval: "vote_cast decided change_denied" }),
  },
  {
    name: "vote to approve what policy constrains by now",
    command: voteCommand(proposal, { decision: decisions.constrain() }),
    expected: only({ awaiting_approval: "refused:not_now decided vote_refused" }),
  },
  {
    name: "vote to reject",
    command: reject,
    expected: only({ awaiting_approval: "vote_cast decided change_rejected" }),
  },
  {
    name: "vote without permission",
    command: voteCommand(proposal, { permission: { kind: "refused", reason: "no role" } }),
    expected: only({ awaiting_approval: "refused:not_permitted vote_refused" }),
  },
  {
    name: "vote to reject what policy constrains by now",
    command: voteCommand(proposal, { vote: "reject", decision: decisions.constrain() }),
    expected: only({ awaiting_approval: "vote_cast decided change_rejected" }),
  },
  {
    name: "vote on another version",
    command: voteCommand(proposal, { version: 2 }),
    expected: only({ awaiting_approval: "refused:old_version vote_refused" }),
  },
  {
    name: "vote for another digest",
    command: voteCommand(proposal, { digest: `sha256:${"0".repeat(64)}` }),
    expected: only({ awaiting_approval: "refused:digest_mismatch vote_refused" }),
  },
  {
    name: "refuse an action",
    command: {
      command: "refuse",
      action: "close",
      person: { userId: "U0MAYA", name: "Maya" },
      reason: "no role",
    },
    expected: only({}, "action_refused"),
  },
  {
    name: "revise",
    command: revise,
    expected: only({
      shown: "change_revised decided",
      awaiting_approval: "change_revised decided",
    }),
  },
  {
    name: "expire in time",
    command: { command: "expire" },
    expected: only({ awaiting_approval: "refused:too_early", approved: "refused:too_early" }),
  },
  {
    name: "expire",
    command: { command: "expire" },
    now: late,
    expected: only({ awaiting_approval: "change_expired", approved: "change_expired" }),
  },
  {
    name: "supersede",
    command: supersede,
    expected: only({
      shown: "change_superseded",
      awaiting_approval: "change_superseded",
      approved: "change_superseded",
    }),
  },
  { name: "begin, allowed", command: begin(), expected: only({ approved: "decided execution_started" }) },
  {
    name: "begin, votes no longer enough",
    command: begin(decisions.queue()),
    expected: only({ approved: "decided votes_voided" }),
  },
  ...(["deny", "constrain", "fallback"] as const).map((kind) => ({
    name: `begin, policy says ${kind}`,
    command: begin(decisions[kind]()),
    expected: only({ approved: "decided change_denied" }),
  })),
  {
    name: "begin with another digest",
    command: begin(decisions.allow(), `sha256:${"0".repeat(64)}`),
    expected: only({ approved: "refused:digest_mismatch" }),
  },
  { name: "begin after the approval expired", command: begin(), now: late, expected: only({}) },
  { name: "outcome applied", command: outcome(outcomes.applied), expected: inExecuting("change_applied") },
  {
    name: "outcome conflicted",
    command: outcome(outcomes.conflicted),
    expected: inExecuting("change_superseded"),
  },
  { name: "outcome failed", command: outcome(outcomes.failed), expected: inExecuting("execution_failed") },
  {
    name: "outcome unknown",
    command: outcome(outcomes.unknown),
    expected: inExecuting("execution_uncertain"),
  },
  {
    name: "outcome of another operation",
    command: outcome(outcomes.applied, "op-2"),
    expected: inExecuting("refused:invalid"),
  },
  { name: "read back: applied", command: found(outcomes.applied), expected: inExecuting("change_applied") },
  { name: "read back: not applied", command: found({ kind: "not_applied" }), expected: inExecuting("") },
  { name: "read back: unclear", command: found(unclear), expected: inExecuting("human_needed") },
  {
    name: "read back of another operation",
    command: found(outcomes.applied, "op-2"),
    expected: inExecuting("refused:invalid"),
  },
  {
    // A person may close before the telemetry has been looked at: the verdict still belongs into the record.
    name: "record verdict",
    command: verdict,
    expected: only({ applied: "change_verified", closed: "change_verified" }),
  },
  {
    name: "close",
    command: close({ note: "seen" }),
    expected: inEnds("change_closed"),
  },
  {
    name: "close by the change that undid it",
    command: close({ note: "seen", linkedChangeId: changeId }),
    expected: (status) => (status === "closed" ? "change_closed" : inEnds("change_closed")(status)),
  },
  {
    name: "close without an owner",
    command: close({ owner: "  " }),
    expected: inEnds("refused:invalid"),
  },
  {
    name: "close with a review date in the past",
    command: close({ reviewAt: start }),
    expected: inEnds("refused:invalid"),
  },
  {
    name: "review before its date",
    command: { command: "review" },
    expected: only({ closed: "refused:too_early" }),
  },
  {
    name: "refuse a person",
    command: {
      command: "refuse",
      action: "close",
      person: { userId: "U0NED", name: "Ned" },
      reason: "no role",
    },
    expected: only({}, "action_refused"),
  },
  {
    name: "break the glass",
    command: breakGlass,
    expected: only({ awaiting_approval: "glass_broken decided change_approved" }),
  },
  {
    name: "attest where nothing is to be stated",
    command: {
      command: "attest",
      person: { userId: "U0RUTH", name: "Ruth" },
      version: 1,
      digest: proposal.digest,
    },
    expected: only({ awaiting_approval: "refused:invalid" }),
  },
  { name: "chase where no step is left", command: { command: "chase" }, expected: only({}) },
  { name: "review", command: { command: "review" }, now: late, expected: only({ closed: "review_due" }) },
];

test.each(ChangeStatus.options)("the history for %s leads there", (status) => {
  expect(at(status).status).toBe(status);
});

describe.each(table)("$name", ({ command, now, expected }) => {
  test.each(ChangeStatus.options)("when %s", (status) => {
    const before = at(status);
    expect(told(decideChange(command, before, now ?? soon))).toBe(expected(status));
  });

  test("when there is no such change", () => {
    const answer = told(decideChange(command, null, now ?? soon));
    expect(answer).toBe(command.command === "propose" ? "change_proposed decided" : "refused:unknown");
  });
});

test("the table has a line for every command", () => {
  const commands = new Set(table.map((line) => line.command.command));
  const all: Record<ChangeCommand["command"], true> = {
    propose: true,
    revise: true,
    vote: true,
    expire: true,
    supersede: true,
    begin: true,
    record_outcome: true,
    record_reconciliation: true,
    record_verdict: true,
    close: true,
    review: true,
    refuse: true,
    break_glass: true,
    attest: true,
    chase: true,
  };
  expect([...commands].toSorted()).toEqual(Object.keys(all).toSorted());
});

describe("where the arrows lead", () => {
  const arrows: [string, ChangeStatus, ChangeCommand, ChangeStatus][] = [
    ["allow without a click is still only queued", "denied", propose(decisions.allow()), "awaiting_approval"],
    ["denied at drafting", "denied", propose(decisions.deny()), "denied"],
    ["constrained at drafting", "denied", propose(decisions.constrain()), "shown"],
    ["fallback at drafting", "denied", propose(decisions.fallback()), "shown"],
    [
      "one of two votes",
      "awaiting_approval",
      voteCommand(proposal, { decision: decisions.queue(2) }),
      "awaiting_approval",
    ],
    ["quorum", "awaiting_approval", approve, "approved"],
    ["rejection", "awaiting_approval", reject, "rejected"],
    [
      "denial at the vote",
      "awaiting_approval",
      voteCommand(proposal, { decision: decisions.deny() }),
      "denied",
    ],
    ["revision of what was only shown", "shown", revise, "awaiting_approval"],
    ["voided votes", "approved", begin(decisions.queue()), "awaiting_approval"],
    ["denial at the execution", "approved", begin(decisions.constrain()), "denied"],
    ["start", "approved", begin(), "executing"],
    ["conflict", "executing", outcome(outcomes.conflicted), "superseded"],
    ["failure", "executing", outcome(outcomes.failed), "failed"],
    ["unknown", "executing", outcome(outcomes.unknown), "executing"],
    ["read back as not applied", "executing", found({ kind: "not_applied" }), "executing"],
    ["read back as applied", "executing", found(outcomes.applied), "applied"],
    ["read back as unclear", "executing", found(unclear), "needs_human"],
    ["a verdict", "applied", verdict, "applied"],
    ["closing what needs a person", "needs_human", close(), "closed"],
    ["closing for the record", "rejected", close({ reviewAt: null }), "closed"],
  ];
  test.each(arrows)("%s", (_, from, command, to) => {
    const state = command.command === "propose" ? null : at(from);
    expect(run([command], state).status).toBe(to);
  });
});

const cast = (command: ChangeCommand, state = at("awaiting_approval"), now: Instant = soon) =>
  told(decideChange(command, state, now));

describe("a vote", () => {
  const two = run([propose(decisions.queue(2))]);
  const first = voteCommand(proposal, { decision: decisions.queue(2) });

  test("is only for the version and the digest that its button carried", () => {
    expect(cast(voteCommand(proposal, { version: 2 }))).toBe("refused:old_version vote_refused");
    expect(cast(voteCommand(proposal, { digest: `sha256:${"0".repeat(64)}` }))).toBe(
      "refused:digest_mismatch vote_refused",
    );
    const revised = run([revise], at("awaiting_approval"));
    expect(cast(approve, revised)).toBe("refused:old_version vote_refused");
  });

  test("counts once a person, whichever way", () => {
    const state = run([first], two);
    expect(cast(first, state)).toBe("refused:voted_already");
    expect(cast(voteCommand(proposal, { vote: "reject" }), state)).toBe("refused:voted_already");
    const other = voteCommand(proposal, {
      voter: { userId: "U0OMAR", name: "Omar" },
      decision: decisions.allow(2),
    });
    expect(cast(other, state)).toBe("vote_cast decided change_approved");
  });

  test("does not approve where policy says allow and the ledger does not hold the votes", () => {
    expect(cast(voteCommand(proposal, { decision: decisions.allow(2) }), two)).toBe("vote_cast decided");
  });

  test("comes too late at the very moment of expiry", () => {
    const { expiresAt } = at("awaiting_approval");
    if (expiresAt === null) throw new Error("it never expires");
    expect(cast(approve, at("awaiting_approval"), expiresAt)).toBe("refused:wrong_state");
    expect(cast(approve, at("awaiting_approval"), later(expiresAt, -1))).toContain("change_approved");
  });

  test("for one's own request does not count and is recorded; turning it down is one's right", () => {
    const own = proposalFor(undefined, undefined, { kind: "person", userId: "U0RUTH", name: "Ruth" });
    const state = run([propose(decisions.queue(), own)]);
    expect(cast(voteCommand(own), state)).toBe("refused:not_permitted vote_refused");
    expect(cast(voteCommand(own, { vote: "reject" }), state)).toBe("vote_cast decided change_rejected");
    expect(cast(voteCommand(own, { voter: { userId: "U0OMAR", name: "Omar" } }), state)).toContain(
      "change_approved",
    );
  });
});

describe("votes and revisions", () => {
  test("a revision raises the version, voids the votes and asks policy anew", () => {
    const voted = run(
      [voteCommand(proposal, { decision: decisions.queue(2) })],
      run([propose(decisions.queue(2))]),
    );
    const revised = run([revise], voted);
    expect(voted.votes).toHaveLength(1);
    expect(revised).toMatchObject({ version: 2, votes: [], status: "awaiting_approval" });
  });

  test("voided votes can be cast again, and by the same person", () => {
    const voided = run([begin(decisions.queue())], at("approved"));
    expect(voided.votes).toEqual([]);
    expect(run([approve], voided).status).toBe("approved");
  });

  test("an execution does not start on an allow that the ledger's votes do not carry", () => {
    expect(told(decideChange(begin(decisions.allow(2)), at("approved"), soon))).toBe("refused:invalid");
  });
});

describe("closing", () => {
  test("what is kept and temporary needs a review date; what is permanent or never stood does not", () => {
    const without = close({ reviewAt: null });
    expect(told(decideChange(without, at("applied"), soon))).toBe("refused:invalid");
    const permanent = run([
      propose(decisions.queue(), { ...proposal, temporary: false }),
      approve,
      begin(),
      outcome(outcomes.applied),
    ]);
    expect(told(decideChange(without, permanent, soon))).toBe("change_closed");
    expect(told(decideChange(without, at("expired"), soon))).toBe("change_closed");
    expect(told(decideChange(close({ reviewAt: null, resolution: "clean_up" }), at("applied"), soon))).toBe(
      "change_closed",
    );
  });

  test("said twice is said once", () => {
    expect(told(decideChange(close(), at("closed"), soon))).toBe("");
    expect(told(decideChange(close({ by: "Omar" }), at("closed"), soon))).toBe("refused:wrong_state");
  });

  test("by what undid it is said although somebody had closed it already", () => {
    const undone = close({ resolution: "roll_back", reviewAt: null, linkedChangeId: changeId });
    expect(told(decideChange(undone, at("closed"), soon))).toBe("change_closed");
    expect(told(decideChange(undone, run([undone], at("closed")), soon))).toBe("");
  });

  test("again after the review date ends the review, and the next date counts", () => {
    const due = evolveChange(changeId, at("closed"), { type: "review_due", at: late });
    expect(due.reviewDue).toBe(true);
    expect(told(decideChange({ command: "review" }, due, late))).toBe("");
    const again = run([close({ reviewAt: later(late, 1000) })], due);
    expect(again.reviewDue).toBe(false);
    expect(told(decideChange({ command: "review" }, again, late))).toBe("refused:too_early");
  });

  test("without a date is never due", () => {
    const state = run([close({ resolution: "clean_up", reviewAt: null })], at("applied"));
    expect(told(decideChange({ command: "review" }, state, late))).toBe("refused:wrong_state");
  });
});

test("a second verdict says nothing new", () => {
  expect(told(decideChange(verdict, run([verdict], at("applied")), soon))).toBe("");
});

test("a ledger that does not begin with a proposal is not folded", () => {
  expect(() => evolveChange(changeId, null, { type: "change_expired", at: start })).toThrow(/first event/);
});

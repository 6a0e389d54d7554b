import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChangeState, evolveChange, isOpen } from "../../../src/domain/change/change.ts";
import type { ChangeCommand } from "../../../src/domain/change/change-command.ts";
import { decideChange } from "../../../src/domain/change/decide-change.ts";
import { ChangeEvent } from "../../../src/domain/change/events.ts";
import type { ApplyOutcome, Reconciliation } from "../../../src/domain/change/outcome.ts";
import type { Proposal } from "../../../src/domain/change/proposal.ts";
import { type Instant, later, toInstant } from "../../../src/domain/ids.ts";
import {
  changeId,
  decisions,
  onFlag,
  propose,
  proposalFor,
  reviseCommand,
  voteCommand,
} from "../../support/change-fixtures.ts";
import { seeded } from "../../support/flag-arbitraries.ts";

const proposals: readonly Proposal[] = [
  proposalFor(),
  proposalFor({ tool: "flag.turn_off" }, onFlag({ revision: "rev-2" })),
];
const start = toInstant(Date.UTC(2026, 10, 21, 3));

const decision = fc.oneof(
  { weight: 6, arbitrary: fc.constant(decisions.allow()) },
  fc.constant(decisions.allow(2)),
  fc.constant(decisions.queue()),
  fc.constant(decisions.queue(2)),
  fc.constant(decisions.deny()),
  fc.constant(decisions.constrain()),
  fc.constant(decisions.fallback()),
);
const proposal = fc.constantFrom(...proposals);
/** Mostly what a well-behaved caller would send for the state as it is, sometimes something else. */
type Step = (state: ChangeState | null) => ChangeCommand;
const truthful = fc.integer({ min: 0, max: 9 }).map((roll) => roll > 0);
const forged = `sha256:${"0".repeat(64)}`;
const outcome = fc.constantFrom<ApplyOutcome[]>(
  { kind: "applied", revision: "rev-9", chain: { kind: "intact" } },
  { kind: "conflicted", current: ["Off."] },
  { kind: "failed", reason: "refused" },
  { kind: "unknown", reason: "no answer" },
);
const found = fc.constantFrom<Reconciliation[]>(
  { kind: "applied", revision: "rev-9", chain: { kind: "intact" } },
  { kind: "not_applied" },
  { kind: "unclear", reason: "moved", current: [] },
);
const digestOf = (state: ChangeState | null, honest: boolean): string =>
  honest ? (state?.proposal.digest ?? forged) : forged;
const operationOf = (state: ChangeState | null, honest: boolean): string =>
  honest ? (state?.execution?.operationId ?? "op-1") : "op-other";

const vote: fc.Arbitrary<Step> = fc
  .record({
    reject: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
    userId: fc.constantFrom("U1", "U2", "U3"),
    permitted: truthful,
    honest: truthful,
    current: truthful,
    decision,
  })
  .map(
    (one): Step =>
      (state) =>
        voteCommand(state?.proposal ?? proposalFor(), {
          vote: one.reject ? "reject" : "approve",
          voter: { userId: one.userId, name: one.userId },
          permission: one.permitted
            ? { kind: "granted", roles: ["release-manager"] }
            : { kind: "refused", reason: "no role" },
          version: (state?.version ?? 1) + (one.current ? 0 : 1),
          digest: digestOf(state, one.honest),
          decision: one.decision,
        }),
  );
const begin: fc.Arbitrary<Step> = fc
  .record({ operationId: fc.constantFrom("op-1", "op-2"), epoch: fc.nat(3), honest: truthful, decision })
  .map(({ operationId, epoch, honest, decision }): Step => (state) => ({
    command: "begin",
    operationId,
    epoch,
    decision,
    digest: digestOf(state, honest),
  }));
const record: fc.Arbitrary<Step> = fc
  .record({ outcome, found, honest: truthful, reconcile: fc.boolean() })
  .map(({ outcome, found, honest, reconcile }): Step => (state) => {
    const operationId = operationOf(state, honest);
    return reconcile
      ? { command: "record_reconciliation", operationId, found }
      : { command: "record_outcome", operationId, outcome };
  });
const other: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ decision, proposal }).map(
    (one): Step =>
      () =>
        propose(one.decision, one.proposal),
  ),
  fc.record({ decision, proposal }).map((one): Step => (state) => {
    const { version = 1, proposal: live = proposalFor() } = state ?? {};
    return reviseCommand(one.proposal, { decision: one.decision, version, digest: live.digest });
  }),
  fc.constant<Step>(() => ({ command: "expire" })),
  fc.constant<Step>(() => ({ command: "supersede", reason: "moved", current: [] })),
  fc.constant<Step>(() => ({ command: "review" })),
  fc.option(fc.integer({ min: 1, max: 10_000 })).map((seconds): Step => () => ({
    command: "close",
    resolution: "keep",
    owner: "ruth",
    note: "",
    by: "ruth",
    reviewAt: seconds === null ? null : later(start, seconds * 1000),
    linkedChangeId: null,
  })),
);
const step = fc.oneof(
  { weight: 5, arbitrary: vote },
  { weight: 4, arbitrary: begin },
  { weight: 4, arbitrary: record },
  { weight: 2, arbitrary: other },
);
const history = fc
  .record({
    first: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(decisions.queue(), decisions.queue(2)) },
      decision,
    ),
    proposal,
    steps: fc.array(fc.tuple(step, fc.integer({ min: 0, max: 60_000 })), {
      minLength: 4,
      maxLength: 40,
      size: "max",
    }),
  })
  .map(({ first, proposal, steps }) => play([[() => propose(first, proposal), 0], ...steps]));

interface Played {
  events: ChangeEvent[];
  states: ChangeState[];
}

function play(steps: readonly (readonly [Step, number])[]): Played {
  let now: Instant = start;
  let state: ChangeState | null = null;
  const played: Played = { events: [], states: [] };
  for (const [step, waitMs] of steps) {
    now = later(now, waitMs);
    const answer = decideChange(step(state), state, now);
    for (const event of answer.events) {
      state = evolveChange(changeId, state, event);
      played.events.push(event);
      played.states.push(state);
    }
  }
  return played;
}

describe("whatever is asked of a change, in whatever order", () => {
  test("no execution without enough votes of different people for exactly that digest", () => {
    let executions = 0;
    fc.assert(
      fc.property(history, ({ events, states }) => {
        events.forEach((event, index) => {
          if (event.type !== "execution_started") return;
          executions += 1;
          const before = states[index - 1];
          const since = events.findLastIndex(
            (past, at) => at < index && (past.type === "votes_voided" || past.type === "change_revised"),
          );
          const voters = events
            .slice(since + 1, index)
            .flatMap((past) => (past.type === "vote_cast" && past.vote.vote === "approve" ? [past.vote] : []))
            .filter((vote) => vote.digest === event.digest)
            .map((vote) => vote.userId);
          const decided = events[index - 1];
          expect(decided?.type).toBe("decided");
          if (decided?.type !== "decided" || decided.decision.kind !== "allow")
            throw new Error("not allowed");
          expect(new Set(voters).size).toBeGreaterThanOrEqual(decided.decision.requirement.count);
          expect(event.digest).toBe(before?.proposal.digest);
        });
      }),
      seeded("change: no execution without votes", 3000),
    );
    // A property that never meets its case says nothing.
    expect(executions).toBeGreaterThan(100);
  });

  test("an approved plan is executed and applied at most once", () => {
    let applied = 0;
    fc.assert(
      fc.property(history, ({ events }) => {
        const counts = (type: ChangeEvent["type"]) => events.filter((event) => event.type === type).length;
        expect(counts("change_applied")).toBeLessThanOrEqual(1);
        expect(counts("execution_started")).toBeLessThanOrEqual(1);
        applied += counts("change_applied");
        const at = events.findIndex((event) => event.type === "change_applied");
        if (at === -1) return;
        const later = events.slice(at + 1).map((event) => event.type);
        for (const type of ["execution_started", "vote_cast", "change_revised", "change_approved"] as const) {
          expect(later).not.toContain(type);
        }
      }),
      seeded("change: applied at most once", 3000),
    );
    expect(applied).toBeGreaterThan(50);
  });

  test("once it has left the open states it never comes back into them", () => {
    fc.assert(
      fc.property(history, ({ states }) => {
        const first = states.findIndex((state) => isOpen(state.status));
        const left = states.findIndex(
          (state, index) => index > first && first !== -1 && !isOpen(state.status),
        );
        if (left === -1 || states[left]?.status === "shown") return;
        expect(states.slice(left).some((state) => isOpen(state.status))).toBe(revisedFrom(states, left));
      }),
      seeded("change: never open again", 2000),
    );
  });

  test("events and states are what their schemas say, and folding again gives the same state", () => {
    fc.assert(
      fc.property(history, ({ events, states }) => {
        let again: ChangeState | null = null;
        for (const event of events) {
          again = evolveChange(changeId, again, ChangeEvent.parse(JSON.parse(JSON.stringify(event))));
        }
        expect(again).toEqual(states.at(-1) ?? null);
        if (again !== null) expect(ChangeState.parse(JSON.parse(JSON.stringify(again)))).toEqual(again);
      }),
      seeded("change: schemas and folding", 1000),
    );
  });

  test("votes never survive a revision", () => {
    fc.assert(
      fc.property(history, ({ events, states }) => {
        events.forEach((event, index) => {
          if (event.type === "change_revised") expect(states[index]?.votes).toEqual([]);
        });
      }),
      seeded("change: votes and revisions", 1000),
    );
  });
});

/** Only a revision of a change that was merely shown may open it (again). */
function revisedFrom(states: readonly ChangeState[], left: number): boolean {
  const version = states[left]?.version ?? 0;
  return states.slice(left).some((state) => isOpen(state.status) && state.version > version);
}

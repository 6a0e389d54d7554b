import { describe, expect, it } from "vitest";
import { later, StandingId, toInstant } from "../../../src/domain/ids.ts";
import { decideStanding, type StandingCommand } from "../../../src/domain/standing/decide-standing.ts";
import type { StandingBounds } from "../../../src/domain/standing/events.ts";
import {
  covers,
  evolveStanding,
  grantedBy,
  type StandingState,
  type StandingUseFacts,
  usesLeft,
} from "../../../src/domain/standing/standing.ts";
import { changeId, decisions, proposalFor } from "../../support/change-fixtures.ts";
import { actionWith } from "../../support/policy-fixtures.ts";

const now = toInstant(Date.UTC(2026, 10, 21, 3));
const hour = 3_600_000;
const id = StandingId.parse("STA-0000000001");
const { plan } = proposalFor();
const bounds: StandingBounds = {
  ref: plan.ref,
  operation: { tool: "flag.turn_off" },
  condition: { severity: "error", confidence: "medium", service: "checkout" },
  maxUses: 2,
  until: later(now, 4 * hour),
};
type Request = Extract<StandingCommand, { command: "request" }>;
const request = (over: Partial<Request> = {}): Request => ({
  command: "request",
  bounds,
  limits: { longestMs: 24 * hour, mostUses: 5 },
  summary: "Turn checkout_one_click off",
  reason: "It flaps tonight.",
  roles: ["release-manager"],
  action: actionWith({ tool: "approval.grant_standing" }),
  decision: decisions.queue(),
  userId: "U0RUTH",
  name: "Ruth",
  ...over,
});
const endorse = (userId: string, decision = decisions.allow()): StandingCommand => ({
  command: "endorse",
  roles: ["release-manager"],
  decision,
  userId,
  name: "Pavel",
});

function run(...commands: StandingCommand[]): StandingState {
  let state: StandingState | null = null;
  for (const command of commands) {
    const answer = decideStanding(command, state, now);
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveStanding(id, state, event);
  }
  if (state === null) throw new Error("no events");
  return state;
}

const granted = run(request(), endorse("U0PAVEL"));
const facts: StandingUseFacts = { plan, severity: "critical", confidence: "high", service: "checkout" };

describe("a standing approval", () => {
  it("counts once as many agree as the contract asks for", () => {
    expect(run(request()).status).toBe("requested");
    expect(run(request(), endorse("U0PAVEL", decisions.queue())).status).toBe("requested");
    expect(granted.status).toBe("granted");
    expect(grantedBy(granted)).toBe("Ruth and Pavel");
    expect(run(request({ decision: decisions.allow() })).status).toBe("granted");
  });

  it.each([
    ["longer than the contract lets it", request({ bounds: { ...bounds, until: later(now, 25 * hour) } })],
    ["more often than the contract lets it", request({ bounds: { ...bounds, maxUses: 6 } })],
    ["that is over already", request({ bounds: { ...bounds, until: now } })],
    ["without a reason", request({ reason: "" })],
    ["that policy denies", request({ decision: decisions.deny() })],
  ])("is not granted %s", (_, command) => {
    expect(decideStanding(command, null, now)).toMatchObject({ kind: "refused" });
  });

  it("is not agreed to by whoever asked for it", () => {
    expect(decideStanding(endorse("U0RUTH"), run(request()), now)).toMatchObject({ kind: "refused" });
  });

  it("covers what it names", () => {
    expect(covers(granted, facts, now)).toBe(true);
    expect(covers(granted, { ...facts, severity: "error", confidence: "medium" }, now)).toBe(true);
  });

  const other = proposalFor({ tool: "flag.set_off_variation", variationId: "on" }).plan;
  it.each([
    ["another operation", { plan: other }],
    ["another flag", { plan: { ...plan, ref: { ...plan.ref, key: "other" } } }],
    ["another environment", { plan: { ...plan, ref: { ...plan.ref, environmentId: "env-2" } } }],
    ["less severe trouble", { severity: "warning" as const }],
    ["a less sure drafter", { confidence: "low" as const }],
    ["nobody's confidence", { confidence: null }],
    ["another service", { service: "search" }],
  ])("does not cover %s", (_, over) => {
    expect(covers(granted, { ...facts, ...over }, now)).toBe(false);
  });

  it("does not cover anything before it is granted, after its end, when used up or revoked", () => {
    expect(covers(run(request()), facts, now)).toBe(false);
    expect(covers(granted, facts, later(now, 4 * hour))).toBe(false);
    const use: StandingCommand = { command: "use", changeId };
    const usedUp = run(request(), endorse("U0PAVEL"), use, use);
    expect(usesLeft(usedUp)).toBe(0);
    expect(covers(usedUp, facts, now)).toBe(false);
    expect(decideStanding(use, usedUp, now)).toMatchObject({ kind: "refused" });
    const revoke: StandingCommand = { command: "revoke", userId: "U0MAYA", name: "Maya", reason: "enough" };
    const revoked = run(request(), endorse("U0PAVEL"), revoke);
    expect(covers(revoked, facts, now)).toBe(false);
    expect(decideStanding(use, revoked, now)).toMatchObject({ kind: "refused" });
    expect(decideStanding(endorse("U0PAVEL"), revoked, now)).toMatchObject({ kind: "refused" });
  });
});

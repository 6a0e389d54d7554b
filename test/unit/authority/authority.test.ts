import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AuthorityState,
  evolveAuthority,
  liveOverrides,
  loweringsOf,
} from "../../../src/domain/authority/authority.ts";
import {
  type AuthorityCommand,
  decideAuthority,
  longestOverrideMs,
  shortestOverrideMs,
} from "../../../src/domain/authority/decide-authority.ts";
import type { OverrideWish } from "../../../src/domain/authority/events.ts";
import { type Instant, later, toInstant } from "../../../src/domain/ids.ts";
import type { ControlContext } from "../../../src/domain/policy/controls.ts";
import { authority, Mode } from "../../../src/domain/policy/mode.ts";
import { loweredControls } from "../../../src/pipeline/lowered-controls.ts";
import { authorityWrite } from "../../../src/pipeline/stream-writes.ts";
import { decisions } from "../../support/change-fixtures.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { actionWith, controlsWith } from "../../support/policy-fixtures.ts";

const now = toInstant(Date.UTC(2026, 10, 21, 3));
const hour = 3_600_000;
const ruth = { userId: "U0RUTH", name: "Ruth" };
const pavel = { userId: "U0PAVEL", name: "Pavel" };
const action = actionWith({ tool: "mode.override" });

const contextFor = (service: string): ControlContext => ({
  incidentId: "INC-0000000001",
  service,
  environment: "prod",
  project: "shop",
  tool: "",
  riskClass: "",
  severity: "error",
  source: "",
  agent: "rules",
});

const lower = (mode: Mode): AuthorityCommand => ({
  command: "lower",
  mode,
  reason: "6 of 8 rejected",
  evidence: [],
});

type Override = Extract<AuthorityCommand, { command: "override" }>;
const override = (wish: OverrideWish, over: Partial<Override> = {}): Override => ({
  command: "override",
  wish,
  forMs: hour,
  reason: "the drafter is confused",
  action,
  decision: decisions.allow(),
  ...ruth,
  ...over,
});
const resume = (decision = decisions.allow(), who = pavel): AuthorityCommand => ({
  command: "resume",
  roles: ["release-manager"],
  reason: "mended",
  action,
  decision,
  ...who,
});

function run(commands: readonly [AuthorityCommand, Instant][]): AuthorityState | null {
  let state: AuthorityState | null = null;
  for (const [command, at] of commands) {
    const answer = decideAuthority(command, state, at);
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveAuthority("*", state, event);
  }
  return state;
}

describe("an override", () => {
  it("holds as long as was asked and no longer", () => {
    const state = run([[override({ kind: "mode", mode: "off" }), now]]);
    expect(liveOverrides(state, later(now, hour - 1))).toHaveLength(1);
    expect(liveOverrides(state, later(now, hour))).toEqual([]);
  });

  it.each([
    ["without a reason", { reason: " " }],
    ["too short", { forMs: shortestOverrideMs - 1 }],
    ["too long", { forMs: longestOverrideMs + 1 }],
  ])("is refused %s", (_, over) => {
    expect(decideAuthority(override({ kind: "strict" }, over), null, now)).toMatchObject({
      kind: "refused",
      events: [],
    });
  });

  it("that policy does not allow is refused, and that is recorded", () => {
    const answer = decideAuthority(override({ kind: "strict" }, { decision: decisions.deny() }), null, now);
    expect(answer).toMatchObject({
      kind: "refused",
      events: [{ type: "override_refused", asked: "override" }],
    });
  });

  it("beyond twenty is refused, unless it is the brake", () => {
    const many = Array.from({ length: 20 }, (_, at): [AuthorityCommand, Instant] => [
      override({ kind: "deny_tool", tool: `flag.t${at}` }),
      now,
    ]);
    const state = run(many);
    expect(decideAuthority(override({ kind: "strict" }), state, now).kind).toBe("refused");
    expect(decideAuthority(override({ kind: "mode", mode: "off" }), state, now)).toMatchObject({
      kind: "events",
      events: [{ type: "override_set" }],
    });
  });

  it("said twice is said once", () => {
    const state = run([[override({ kind: "strict" }), now]]);
    expect(decideAuthority(override({ kind: "strict" }), state, now)).toEqual({ kind: "events", events: [] });
  });
});

describe("what was taken away", () => {
  it("comes back when the contract's people say so, and not before", () => {
    const paused = run([[override({ kind: "mode", mode: "off" }), now]]);
    const asked = run([
      [override({ kind: "mode", mode: "off" }), now],
      [resume(decisions.queue()), now],
    ]);
    expect(asked).toMatchObject({ resumeAsked: [{ name: "Pavel" }] });
    expect(liveOverrides(asked, now)).toEqual(liveOverrides(paused, now));
    const resumed = run([
      [override({ kind: "mode", mode: "off" }), now],
      [resume(), now],
    ]);
    expect(liveOverrides(resumed, now)).toEqual([]);
  });

  it.each([
    ["by a person", override({ kind: "mode", mode: "off" })],
    ["by the record of drafts", lower("draft_write")],
  ])("%s after somebody asked for the rest back is not among what they asked for", (_, taken) => {
    const state = run([
      [override({ kind: "strict" }), now],
      [resume(decisions.queue()), now],
      [taken, later(now, 1000)],
    ]);
    expect(state?.resumeAsked).toEqual([]);
  });

  it("by the record of drafts stays until a person gives it back, and only goes down", () => {
    const state = run([
      [lower("draft_write"), now],
      [lower("approval_required"), now],
    ]);
    expect(state?.lowered).toMatchObject({ mode: "draft_write" });
    expect(loweringsOf(state === null ? [] : [state], later(now, 100 * hour))).toMatchObject([
      { kind: "mode", mode: "draft_write", rule: "quality_signal" },
    ]);
    expect(
      run([
        [lower("draft_write"), now],
        [resume(), now],
      ])?.lowered,
    ).toBeNull();
  });
});

const wish: fc.Arbitrary<OverrideWish> = fc.oneof(
  fc
    .constantFrom(...Mode.exclude(["approval_required"]).options)
    .map((mode) => ({ kind: "mode" as const, mode })),
  fc.constantFrom("flag.turn_off", "flag.turn_on").map((tool) => ({ kind: "deny_tool" as const, tool })),
  fc.constant({ kind: "strict" as const }),
);

describe("controls with overrides", () => {
  it("never give more than FeatBit does, whatever is set", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(wish, fc.boolean()), { maxLength: 6 }),
        fc.constantFrom(...Mode.options),
        fc.boolean(),
        async (wishes, mode, approvalRequired) => {
          const clock = movableClock();
          const store = createInMemoryStore({ clock });
          for (const [each, everywhere] of wishes) {
            const scope = everywhere ? "*" : "checkout";
            const loaded = await store.ledger.authorityOf(scope);
            const answer = decideAuthority(override(each), loaded?.state ?? null, clock.now());
            if (answer.events.length === 0) continue;
            await store.ledger.commit({
              writes: [authorityWrite(scope, loaded?.version ?? 0, answer.events)],
            });
          }
          const reading = controlsWith({ mode, approvalRequired });
          const context = contextFor("checkout");
          const lowered = await loweredControls({ read: async () => reading }, store).read(context);
          expect(authority(lowered.mode)).toBeLessThanOrEqual(authority(mode));
          expect(lowered.approvalRequired || !approvalRequired).toBe(true);
          for (const [each] of wishes) {
            if (each.kind === "mode")
              expect(authority(lowered.mode)).toBeLessThanOrEqual(authority(each.mode));
            if (each.kind === "deny_tool") expect(lowered.deniedTools).toContain(each.tool);
            if (each.kind === "strict") expect(lowered.approvalRequired).toBe(true);
          }
          clock.advance(hour);
          expect(await loweredControls({ read: async () => reading }, store).read(context)).toEqual(reading);
        },
      ),
      seeded("controls with overrides", 200),
    );
  });

  it("hold for the service they were set for", async () => {
    const store = createInMemoryStore({ clock: movableClock() });
    const { events } = decideAuthority(override({ kind: "mode", mode: "off" }), null, await store.now());
    await store.ledger.commit({ writes: [authorityWrite("search", 0, events)] });
    const controls = loweredControls({ read: async () => controlsWith() }, store);
    const of = (service: string) => controls.read(contextFor(service));
    expect((await of("search")).mode).toBe("off");
    expect((await of("checkout")).mode).toBe("approval_required");
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { later, toInstant } from "../../../src/domain/ids.ts";
import {
  decideMute,
  longestMuteMs,
  type MuteCommand,
  shortestMuteMs,
} from "../../../src/domain/mute/decide-mute.ts";
import { evolveMute, mutedUntil, type MuteState } from "../../../src/domain/mute/mute.ts";
import { seeded } from "../../support/flag-arbitraries.ts";

const now = toInstant(Date.UTC(2026, 10, 21, 3));
const ruth = { userId: "U0RUTH", name: "Ruth" };
const hour = 3_600_000;

function run(commands: readonly [MuteCommand, number][]): MuteState | null {
  let state: MuteState | null = null;
  for (const [command, afterMs] of commands) {
    const answer = decideMute(command, state, later(now, afterMs));
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveMute("checkout", state, event);
  }
  return state;
}

const mute = (over: Partial<Extract<MuteCommand, { command: "mute" }>> = {}): MuteCommand => ({
  command: "mute",
  forMs: hour,
  reason: "upgrade",
  ...ruth,
  ...over,
});
const unmute: MuteCommand = { command: "unmute", reason: "done", ...ruth };

describe("a mute", () => {
  it("lasts as long as was asked and no longer", () => {
    const state = run([[mute(), 0]]);
    expect(mutedUntil(state, now)).toBe(later(now, hour));
    expect(mutedUntil(state, later(now, hour - 1))).toBe(later(now, hour));
    expect(mutedUntil(state, later(now, hour))).toBeNull();
    expect(mutedUntil(null, now)).toBeNull();
  });

  it.each([
    [shortestMuteMs - 1, "refused"],
    [shortestMuteMs, "events"],
    [longestMuteMs, "events"],
    [longestMuteMs + 1, "refused"],
  ])("of %i ms is answered %s", (forMs, kind) => {
    expect(decideMute(mute({ forMs }), null, now).kind).toBe(kind);
  });

  it("needs a reason", () => {
    expect(decideMute(mute({ reason: " " }), null, now)).toMatchObject({ kind: "refused" });
  });

  it("is the same when the click is delivered again, and another one when it is asked for anew", () => {
    const state = run([[mute(), 0]]);
    const events = (command: MuteCommand, afterMs: number) => {
      const answer = decideMute(command, state, later(now, afterMs));
      return answer.kind === "events" ? answer.events.length : -1;
    };
    expect(events(mute(), 3_000)).toBe(0);
    expect(events(mute(), 120_000)).toBe(1);
    expect(events(mute({ reason: "longer than thought" }), 3_000)).toBe(1);
    expect(events(mute({ userId: "U0PAVEL" }), 3_000)).toBe(1);
    expect(events(mute({ forMs: hour / 2 }), 3_000)).toBe(1);
    expect(events(mute(), hour + 1)).toBe(1);
  });

  it("is ended by an unmute, which says nothing where there is none", () => {
    expect(
      mutedUntil(
        run([
          [mute(), 0],
          [unmute, 60_000],
        ]),
        later(now, 60_000),
      ),
    ).toBeNull();
    expect(decideMute(unmute, null, now)).toEqual({ kind: "events", events: [] });
    expect(decideMute(unmute, run([[mute(), 0]]), later(now, hour))).toEqual({ kind: "events", events: [] });
  });

  it("is not touched by what was refused", () => {
    const refuse: MuteCommand = { command: "refuse", asked: "unmute", reason: "no role", ...ruth };
    const before = run([[mute(), 0]]);
    expect(
      run([
        [mute(), 0],
        [refuse, 1_000],
      ]),
    ).toEqual(before);
    expect(run([[refuse, 0]])).toEqual({ service: "checkout", muted: null });
  });

  it("never lasts beyond a day from when it was last asked for, whatever the history", () => {
    const step = fc.tuple(
      fc.oneof(
        fc.integer({ min: shortestMuteMs, max: longestMuteMs }).map((forMs) => mute({ forMs })),
        fc.constant(unmute),
      ),
      fc.nat(48 * 60).map((minutes) => minutes * 60_000),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const ordered = steps.toSorted(([, a], [, b]) => a - b);
        const state = run(ordered);
        const last = ordered.at(-1)?.[1] ?? 0;
        const until = mutedUntil(state, later(now, last));
        expect(until === null || Date.parse(until) - Date.parse(now) - last <= longestMuteMs).toBe(true);
      }),
      seeded("mutes"),
    );
  });
});

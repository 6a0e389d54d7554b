import { z } from "zod";
import { Instant } from "../ids.ts";
import type { Lowering } from "../policy/controls.ts";
import { Mode } from "../policy/mode.ts";
import { type AuthorityEvent, OverrideWish } from "./events.ts";

/** The scope of what holds for every service. */
export const everywhere = "*";

export const Override = z.strictObject({
  wish: OverrideWish,
  at: Instant,
  until: Instant,
  reason: z.string(),
  userId: z.string(),
  name: z.string(),
});
export type Override = z.infer<typeof Override>;

/** What was taken away from one service, or from all, folded from `authority/<scope>` and from nothing else. */
export const AuthorityState = z.strictObject({
  /** A service's name, or `*`. */
  scope: z.string().min(1),
  /** Those that nobody has ended before their time. */
  overrides: z.array(Override),
  /** Where drafts went wrong too often; null: they did not, or a person gave it back. */
  lowered: z
    .strictObject({ at: Instant, mode: Mode, reason: z.string(), evidence: z.array(z.string()) })
    .nullable(),
  /** Who asked to have it back and waits for a second person, in order. */
  resumeAsked: z.array(
    z.strictObject({
      userId: z.string(),
      name: z.string(),
      roles: z.array(z.string()),
      reason: z.string(),
      at: Instant,
      until: Instant,
    }),
  ),
  /** Since when the quality of drafts is counted anew; null: as far back as the window goes. */
  resumedAt: Instant.nullable(),
});
export type AuthorityState = z.infer<typeof AuthorityState>;

export function evolveAuthority(
  scope: string,
  state: AuthorityState | null,
  event: AuthorityEvent,
): AuthorityState {
  const before = state ?? { scope, overrides: [], lowered: null, resumeAsked: [], resumedAt: null };
  switch (event.type) {
    case "override_set": {
      const { wish, at, until, reason, userId, name } = event;
      const still = before.overrides.filter((each) => each.until > at);
      // Whoever asked to have back what was taken before has said nothing about this.
      return {
        ...before,
        overrides: [...still, { wish, at, until, reason, userId, name }],
        resumeAsked: [],
      };
    }
    case "resume_requested": {
      const { userId, name, roles, reason, at, until } = event;
      const waiting = before.resumeAsked.filter((each) => each.until > at && each.userId !== userId);
      return { ...before, resumeAsked: [...waiting, { userId, name, roles, reason, at, until }] };
    }
    case "authority_resumed":
      return { scope, overrides: [], lowered: null, resumeAsked: [], resumedAt: event.at };
    case "authority_lowered": {
      const { at, mode, reason, evidence } = event;
      return { ...before, lowered: { at, mode, reason, evidence }, resumeAsked: [] };
    }
    case "override_refused":
      return before;
  }
}

export function liveOverrides(state: AuthorityState | null, now: Instant): Override[] {
  return state?.overrides.filter(({ until }) => until > now) ?? [];
}

/** Of these states, those that have a say about the service. */
export function concerning(
  service: string,
  authorities: readonly { state: AuthorityState }[],
): AuthorityState[] {
  return authorities
    .map(({ state }) => state)
    .filter(({ scope }) => scope === everywhere || scope === service);
}

/** Everything that is taken away at `now` by these states, as policy hears of it. */
export function loweringsOf(states: readonly AuthorityState[], now: Instant): Lowering[] {
  return states.flatMap((state): Lowering[] => [
    ...liveOverrides(state, now).map((override) => loweringOf(state.scope, override)),
    ...(state.lowered === null
      ? []
      : [
          {
            kind: "mode" as const,
            rule: "quality_signal",
            mode: state.lowered.mode,
            reason: state.lowered.reason,
          },
        ]),
  ]);
}

function loweringOf(scope: string, { wish, name, until, reason }: Override): Lowering {
  const where = scope === everywhere ? "everywhere" : `for ${scope}`;
  const why = `${name} set it ${where} until ${until}: ${reason}`;
  switch (wish.kind) {
    case "mode":
      return {
        kind: "mode",
        rule: "override_mode",
        mode: wish.mode,
        reason: `The mode is ${wish.mode}. ${why}`,
      };
    case "deny_tool":
      return {
        kind: "deny_tool",
        rule: "override_deny",
        tool: wish.tool,
        reason: `The tool ${wish.tool} is denied. ${why}`,
      };
    case "strict":
      return { kind: "strict", rule: "override_strict", reason: `Every change takes a click. ${why}` };
  }
}

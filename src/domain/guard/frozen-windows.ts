import { z } from "zod";
import type { Instant } from "../ids.ts";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const LocalTime = z
  .string()
  .regex(
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$/,
    "a local time such as 2026-12-18T16:00",
  );
const WeekTime = z
  .string()
  .regex(/^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$/, 'a time of the week such as "fri 16:00"');

const common = {
  name: z.string().min(1).max(80),
  because: z.string().min(1).max(200),
  environments: z.array(z.string().min(1)).min(1).default(["*"]),
  /** Whose clocks `from` and `to` are read on, daylight saving included. */
  timeZone: z.string().refine(isTimeZone, "a time zone such as Europe/Berlin or UTC").default("UTC"),
  effect: z.enum(["deny", "draft_write"]).default("deny"),
  /** True: an emergency, declared by a permitted person, goes before it. */
  yieldsToBreakGlass: z.boolean().default(false),
};

/** A time in which nothing is changed; `to` is no part of it. */
export const FrozenWindow = z
  .union([
    z.strictObject({ ...common, from: LocalTime, to: LocalTime }),
    z.strictObject({ ...common, weekly: z.strictObject({ from: WeekTime, to: WeekTime }) }),
  ])
  .refine((window) => "weekly" in window || window.from < window.to, {
    error: "from must lie before to",
    path: ["to"],
  })
  .refine(({ effect, yieldsToBreakGlass }) => effect === "deny" || !yieldsToBreakGlass, {
    error: "only a window that denies can yield",
    path: ["yieldsToBreakGlass"],
  });
export type FrozenWindow = z.infer<typeof FrozenWindow>;

/** Of several windows at once the strictest holds. */
export function frozenWindows(
  { plan, action, now }: Pick<GuardFacts, "plan" | "action" | "now">,
  windows: readonly FrozenWindow[],
): GuardrailFinding {
  const guardrail = "frozen_window";
  const { environment } = action.target;
  const open = plan === null ? [] : windows.filter((window) => isFrozen(window, environment, now));
  const said =
    open.find(({ effect, yieldsToBreakGlass }) => effect === "deny" && !yieldsToBreakGlass) ??
    open.find(({ effect }) => effect === "deny") ??
    open[0];
  if (said === undefined) return { guardrail, verdict: "pass", evidence: [] };
  const evidence = open.map(({ name }) => `window "${name}"`);
  const what = `The environment ${environment} is frozen (${said.name}, ${untilWords(said)}): ${said.because.replace(/\.$/, "")}.`;
  if (said.effect === "draft_write") {
    const reason = `${what} Whoever must can still do it by hand.`;
    return { guardrail, verdict: "lower", mode: "draft_write", evidence, reason };
  }
  const { yieldsToBreakGlass } = said;
  const reason = `${what} ${yieldsToBreakGlass ? "Only an emergency goes before it." : "Wait until it is over."}`;
  return { guardrail, verdict: "deny", evidence, yieldsToBreakGlass, reason };
}

function isFrozen(window: FrozenWindow, environment: string, now: Instant): boolean {
  const { environments, timeZone } = window;
  if (!environments.includes("*") && !environments.includes(environment)) return false;
  const local = localTime(now, timeZone);
  if (!("weekly" in window)) return window.from <= local.text && local.text < window.to;
  const [from, to] = [minuteOfWeek(window.weekly.from), minuteOfWeek(window.weekly.to)];
  // Equal ends are a whole week.
  return from < to ? from <= local.minute && local.minute < to : local.minute >= from || local.minute < to;
}

function untilWords(window: FrozenWindow): string {
  return `until ${"weekly" in window ? window.weekly.to : window.to} ${window.timeZone}`;
}

function minuteOfWeek(text: string): number {
  const day = days.findIndex((name) => text.startsWith(name));
  return (day * 24 + Number(text.slice(4, 6))) * 60 + Number(text.slice(7, 9));
}

/** What clocks there show: as text that sorts, and as minutes since Monday. */
function localTime(now: Instant, timeZone: string): { text: string; minute: number } {
  const shown = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    weekday: "short",
  }).formatToParts(Date.parse(now));
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.find((each) => each.type === type)?.value ?? "";
  const clock = `${part("hour")}:${part("minute")}`;
  return {
    text: `${part("year")}-${part("month")}-${part("day")}T${clock}`,
    minute: minuteOfWeek(`${part("weekday").toLowerCase()} ${clock}`),
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

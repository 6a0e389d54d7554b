import { z } from "zod";
import { Instant } from "./ids.ts";

export const Verdict = z.enum(["recovered", "improved", "no_effect", "worse", "no_data"]);
export type Verdict = z.infer<typeof Verdict>;

/**
 * Telemetry compared around an applied change. `healthy` is the level before the trouble, `troubled` the one
 * just before the change, `now` the one after it; all medians of the worst series, in the metric's own unit, null
 * without samples.
 */
export const Verification = z.strictObject({
  queryId: z.string(),
  title: z.string(),
  unit: z.string(),
  verdict: Verdict,
  healthy: z.number().nullable(),
  troubled: z.number().nullable(),
  now: z.number().nullable(),
  from: Instant,
  to: Instant,
  reason: z.string(),
});
export type Verification = z.infer<typeof Verification>;

/** A metric's level before the trouble, before the change and after it; null without enough samples. */
export type Levels = Pick<Verification, "healthy" | "troubled" | "now">;

/** How much of the damage must be gone to call it recovered, and how little of it means nothing changed. */
export const recoveredShare = 0.75;
export const improvedShare = 0.25;

/**
 * The verdict. Damage = how far `troubled` lies from `healthy` in the bad direction; the share of it that is
 * gone decides. Without a healthy level the change against `troubled` alone decides, and never says recovered.
 */
export function judge(badDirection: "up" | "down", levels: Levels): { verdict: Verdict; reason: string } {
  const { healthy, troubled, now } = levels;
  if (troubled === null || now === null) {
    return { verdict: "no_data", reason: "There are not enough samples around the change to compare." };
  }
  const sign = badDirection === "up" ? 1 : -1;
  if (healthy === null) return judgeWithoutHealthy(sign, troubled, now);

  const damage = sign * (troubled - healthy);
  const noise = 0.05 * Math.max(Math.abs(healthy), Math.abs(troubled), Number.EPSILON);
  if (damage <= noise) {
    const drift = sign * (now - troubled);
    if (drift > noise)
      return { verdict: "worse", reason: "It was not degraded before the change and is now." };
    return { verdict: "no_effect", reason: "The metric was not degraded when the change was made." };
  }
  const goneShare = (sign * (troubled - now)) / damage;
  if (goneShare >= recoveredShare) return { verdict: "recovered", reason: `${gone(goneShare)} is gone.` };
  if (goneShare >= improvedShare) return { verdict: "improved", reason: `${gone(goneShare)} is gone.` };
  if (goneShare < -improvedShare) {
    return { verdict: "worse", reason: `The damage is ${grown(-goneShare)} than before the change.` };
  }
  return {
    verdict: "no_effect",
    reason: `The metric moved by ${percent(Math.abs(goneShare))} of the damage, which is noise.`,
  };
}

function judgeWithoutHealthy(
  sign: number,
  troubled: number,
  now: number,
): { verdict: Verdict; reason: string } {
  const unknown = "The earlier healthy level is not known.";
  const better = sign * (troubled - now);
  // Of nothing there is no share.
  if (troubled === 0 && better !== 0) {
    return better > 0
      ? { verdict: "improved", reason: `It was at zero before the change and is better now. ${unknown}` }
      : { verdict: "worse", reason: `It was at zero before the change and is worse now. ${unknown}` };
  }
  const share = troubled === 0 ? 0 : better / Math.abs(troubled);
  if (share >= improvedShare)
    return { verdict: "improved", reason: `It is ${grown(share, "better")}. ${unknown}` };
  if (share <= -improvedShare) {
    return { verdict: "worse", reason: `It is ${grown(-share, "worse")} than before the change. ${unknown}` };
  }
  return {
    verdict: "no_effect",
    reason: `It moved by ${percent(Math.abs(share))}, which is noise. ${unknown}`,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** More than all of it is gone where a metric ends better than it ever was. */
function gone(share: number): string {
  return share >= 0.995 ? "All of the damage" : `${percent(share)} of the damage`;
}

/** Beyond twice as much a percentage is hard to read, and beyond a thousand times any number is. */
function grown(share: number, how = "larger"): string {
  if (share <= 1) return `${percent(share)} ${how}`;
  if (share >= 999) return `more than a thousand times ${how}`;
  return `${share < 9 ? Math.round(share * 10) / 10 : Math.round(share)} times ${how}`;
}

/** One series of a metric: a route, a variation, a region. */
export interface SeriesLevels extends Levels {
  /** Its labels in words; empty for a metric without labels. */
  name: string;
}

/**
 * Every series is judged by itself, and the least favourable verdict stands: a route that still fails must not be
 * hidden by nine that never did. Series with less than a quarter of the worst one's damage are noise beside it. Where
 * a series has no level (a variation nobody gets any more, one that nobody got before), its users had or have what
 * the worst of the others gives.
 */
export function judgeWorst(
  badDirection: "up" | "down",
  series: readonly SeriesLevels[],
): Levels & { verdict: Verdict; reason: string } {
  const sign = badDirection === "up" ? 1 : -1;
  const worst = {
    healthy: worstOf(sign, series, "healthy"),
    troubled: worstOf(sign, series, "troubled"),
    now: worstOf(sign, series, "now"),
  };
  const whole = series
    .filter(({ troubled, now }) => troubled !== null || now !== null)
    .map((one) => ({
      name: one.name,
      healthy: one.healthy ?? worst.healthy,
      troubled: one.troubled ?? worst.troubled,
      now: one.now ?? worst.now,
    }));
  const byDamage = whole
    .map((levels) => ({ levels, damage: damageOf(sign, levels) }))
    .toSorted((a, b) => b.damage - a.damage);
  const most = byDamage[0];
  if (most === undefined) return { ...worst, ...judge(badDirection, worst) };
  const counted =
    worst.healthy === null || most.damage <= 0
      ? [most]
      : byDamage.filter(({ damage }) => damage >= improvedShare * most.damage);
  const [least] = counted
    .map(({ levels }) => ({ levels, ...judge(badDirection, levels) }))
    .toSorted((a, b) => leastFavourableFirst.indexOf(a.verdict) - leastFavourableFirst.indexOf(b.verdict));
  const { levels, verdict, reason } = least ?? { levels: worst, ...judge(badDirection, worst) };
  const { name, healthy, troubled, now } = { name: "", ...levels };
  const told =
    whole.length > 1 && name !== "" ? `${reason} Worst of ${whole.length} series: ${name}.` : reason;
  return { healthy, troubled, now, verdict, reason: told };
}

const leastFavourableFirst: readonly Verdict[] = ["no_data", "worse", "no_effect", "improved", "recovered"];

function worstOf(sign: number, series: readonly SeriesLevels[], window: keyof Levels): number | null {
  const values = series.flatMap((one) => one[window] ?? []);
  return values.length === 0 ? null : sign * Math.max(...values.map((value) => sign * value));
}

/** How far it was or is from healthy, whichever is more; from zero where nothing is known to be healthy. */
function damageOf(sign: number, { healthy, troubled, now }: Levels): number {
  return Math.max(...[troubled, now].map((at) => (at === null ? -Infinity : sign * (at - (healthy ?? 0)))));
}

import { z } from "zod";
import { Instant } from "./ids.ts";

export const Verdict = z.enum(["recovered", "improved", "no_effect", "worse", "no_data"]);
export type Verdict = z.infer<typeof Verdict>;

/**
 * Telemetry compared around an applied change. `healthy` is the level before the trouble, `troubled` the one
 * just before the change, `now` the one after it; all means in the metric's own unit, null without samples.
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

/** How much of the damage must be gone to call it recovered, and how little of it means nothing changed. */
export const recoveredShare = 0.75;
export const improvedShare = 0.25;

/**
 * The verdict. Damage = how far `troubled` lies from `healthy` in the bad direction; the share of it that is
 * gone decides. Without a healthy level the change against `troubled` alone decides, and never says recovered.
 */
export function judge(
  badDirection: "up" | "down",
  levels: { healthy: number | null; troubled: number | null; now: number | null },
): { verdict: Verdict; reason: string } {
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
  const percent = Math.round(goneShare * 100);
  if (goneShare >= recoveredShare)
    return { verdict: "recovered", reason: `${percent}% of the damage is gone.` };
  if (goneShare >= improvedShare)
    return { verdict: "improved", reason: `${percent}% of the damage is gone.` };
  if (goneShare < -improvedShare) return { verdict: "worse", reason: `The damage grew by ${-percent}%.` };
  return { verdict: "no_effect", reason: `The metric moved by ${percent}% of the damage, which is noise.` };
}

function judgeWithoutHealthy(
  sign: number,
  troubled: number,
  now: number,
): { verdict: Verdict; reason: string } {
  const share = (sign * (troubled - now)) / Math.max(Math.abs(troubled), Number.EPSILON);
  const percent = Math.round(Math.abs(share) * 100);
  if (share >= improvedShare) {
    return {
      verdict: "improved",
      reason: `It is ${percent}% better; the earlier healthy level is not known.`,
    };
  }
  if (share <= -improvedShare)
    return { verdict: "worse", reason: `It is ${percent}% worse than before the change.` };
  return { verdict: "no_effect", reason: `It moved by ${percent}%, which is noise.` };
}

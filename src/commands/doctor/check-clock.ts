import { OpsError } from "../../domain/ops-error.ts";
import { type Check, problem, warning } from "./check.ts";
import { heldTokens } from "./featbit-access.ts";

/** FeatBit takes tokens of its SDK that are at most 30 s old or ahead (contract §3.1). */
export const refusedAboveMs = 25_000;
export const noticedAboveMs = 3_000;

/** This machine's clock against FeatBit's; the database's is looked at with the database. */
export const checkClock: Check = {
  name: "clock",
  async run(examined) {
    const [held] = heldTokens(examined);
    if (held === undefined) return [];
    const seen = await held.probe.see().catch((error: unknown) => {
      // Another check says that FeatBit is away or refuses the token.
      if (error instanceof OpsError) return null;
      throw error;
    });
    const aheadMs = seen?.clockAheadMs ?? 0;
    return clockFinding("FeatBit's clock", aheadMs);
  },
};

export function clockFinding(whose: string, aheadMs: number) {
  const offMs = Math.abs(aheadMs);
  if (offMs < noticedAboveMs) return [];
  const seconds = Math.round(offMs / 1000);
  const what = `${whose} is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} this machine's.`;
  const remedy = "Let both machines keep their time by NTP.";
  return offMs >= refusedAboveMs
    ? [
        problem(
          what,
          "FeatBit refuses SDK connections beyond 30 s, and expiries and signatures are judged by the time.",
          remedy,
        ),
      ]
    : [warning(what, "Causes are told from consequences by time, and expiries count by it.", remedy)];
}

import type { Flag } from "./flag.ts";
import { percentsOf, type Spread } from "./rollout.ts";

export interface Experiment {
  /**
   * `default`: everybody counts, as in every flag from its creation on; whether an experiment runs on it cannot be seen
   * with an access token. `chosen`: somebody has said in this flag who counts.
   */
  settings: "default" | "chosen";
  /** Rules by id, and null for the default rule, whose users get different variations and are counted. Never empty. */
  paths: (string | null)[];
}

/** Where an experiment may be comparing variations of this flag; null where none can. */
export function experimentOf(flag: Flag): Experiment | null {
  if (!flag.isEnabled || flag.isArchived) return null;
  const all = flag.exptIncludeAllTargets;
  const compares = (spread: Spread & { includedInExpt: boolean }): boolean => {
    if (!all && !spread.includedInExpt) return false;
    const counted = spread.variations.filter(({ exptRollout }) => all || exptRollout > 0);
    return percentsOf(counted).size > 1;
  };
  const paths = [
    ...flag.rules.filter(compares).map(({ id }) => id),
    ...(compares(flag.fallthrough) ? [null] : []),
  ];
  return paths.length === 0 ? null : { settings: all ? "default" : "chosen", paths };
}

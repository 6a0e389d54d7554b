import type { Setup } from "./setup.ts";

/** One small mistake, and the finding by which the doctor must name it. */
export interface Seed {
  name: string;
  /** The check that must find it. */
  check: string;
  severity: "error" | "warning";
  words: RegExp;
  spoil: (setup: Setup) => void | Promise<void>;
  /** What this machine must have. */
  needs?: "redis" | "server";
  /** Spoils what all set-ups share, and mends it again. */
  alone?: (setup: Setup) => Promise<void>;
}

import type { Config, ConfigOrigin } from "../../config/load-config.ts";

/** One thing that is wrong, or (`note`) that nobody can tell from here. */
export interface Finding {
  severity: "error" | "warning" | "note";
  what: string;
  why: string;
  remedy: string;
}

/** What belongs to the machine; a test puts its own in place. */
export interface Machine {
  nodeVersion: string;
  /** Epoch ms. */
  now: () => number;
  freeBytes: (folder: string) => Promise<number>;
}

/** What is looked at. Values of `config` that are wrong are empty; `configFindings` says which. */
export interface Examined {
  config: Config;
  configFindings: readonly string[];
  origin: ConfigOrigin;
  machine: Machine;
  /** For one question to an outside system. */
  timeoutMs: number;
}

/** Asks one outside thing, changes nothing. An `OpsError` that it throws is a finding of its own. */
export interface Check {
  name: string;
  run: (examined: Examined) => Promise<Finding[]>;
}

export function problem(what: string, why: string, remedy: string): Finding {
  return { severity: "error", what, why, remedy };
}

export function warning(what: string, why: string, remedy: string): Finding {
  return { severity: "warning", what, why, remedy };
}

export function note(what: string, why: string, remedy: string): Finding {
  return { severity: "note", what, why, remedy };
}

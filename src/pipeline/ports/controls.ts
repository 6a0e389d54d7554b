import type { ControlContext, ControlReading } from "../../domain/policy/controls.ts";

/** Signalman's own runtime settings. Never throws: without an answer the safe defaults stand, and say so. */
export interface Controls {
  read(context: ControlContext): Promise<ControlReading>;
}

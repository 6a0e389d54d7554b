import { concerning, loweringsOf } from "../domain/authority/authority.ts";
import type { ControlReading, EvaluatedControl, Lowering } from "../domain/policy/controls.ts";
import { lowestMode } from "../domain/policy/mode.ts";
import type { Controls } from "./ports/controls.ts";
import type { Store } from "./ports/storage.ts";

/**
 * The controls as FeatBit has them, less what people or Signalman's own record took away for this service or for all.
 * That lies in our own database, so it holds while FeatBit is away. It can only lower.
 */
export function loweredControls(controls: Controls, store: Pick<Store, "ledger" | "now">): Controls {
  return {
    async read(context) {
      const [reading, authorities, now] = await Promise.all([
        controls.read(context),
        store.ledger.authorities(),
        store.now(),
      ]);
      return loweredBy(reading, loweringsOf(concerning(context.service, authorities), now));
    },
  };
}

function loweredBy(reading: ControlReading, lowered: Lowering[]): ControlReading {
  if (lowered.length === 0) return reading;
  const denied = lowered.flatMap((each) => (each.kind === "deny_tool" ? [each.tool] : []));
  const modes = lowered.flatMap((each) => (each.kind === "mode" ? [each.mode] : []));
  return {
    ...reading,
    mode: lowestMode(reading.mode, ...modes),
    deniedTools: [...new Set([...reading.deniedTools, ...denied])],
    approvalRequired: reading.approvalRequired || lowered.some(({ kind }) => kind === "strict"),
    lowered,
    evaluations: [...reading.evaluations, ...lowered.map(evaluationOf)],
  };
}

function evaluationOf(lowering: Lowering): EvaluatedControl {
  const { rule: key, reason } = lowering;
  switch (lowering.kind) {
    case "mode":
      return { key, value: lowering.mode, reason };
    case "deny_tool":
      return { key, value: lowering.tool, reason };
    case "strict":
      return { key, value: "true", reason };
  }
}

import type { ShownDelivery } from "../../pipeline/ports/console-reads.ts";

export function deliveryText(shown: ShownDelivery): string {
  const { id, sourceId, receivedAt, attempts, outcome, reason, requeues, headers, size, body, isCut } = shown;
  return [
    `${id} from ${sourceId}, ${receivedAt}: ${outcome}, ${attempts} ${attempts === 1 ? "try" : "tries"}`,
    ...(reason === "" ? [] : [reason]),
    ...requeues.map((one) => `taken in anew ${one.at} by ${one.by}; it was in quarantine: ${one.reason}`),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body,
    ...(isCut ? [`… cut; it has ${size} bytes.`] : []),
    "",
  ].join("\n");
}

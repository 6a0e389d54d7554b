import { redact } from "../../domain/redact.ts";
import type { KeptDelivery } from "../../pipeline/ports/storage.ts";

/** A delivery as a person or a script may see it: untrusted text made harmless, credentials taken out, cut. */
export interface ShownDelivery {
  id: string;
  sourceId: string;
  correlationId: string;
  receivedAt: string;
  attempts: number;
  outcome: string;
  /** Why it is in quarantine, or what was noted; "" where there is nothing to say. */
  reason: string;
  /** Who had it taken in anew before, and why it was in quarantine until then. */
  requeues: { at: string; by: string; reason: string }[];
  headers: Record<string, string>;
  /** Of the whole body, bytes. */
  size: number;
  /** The beginning of it; what is no UTF-8 is U+FFFD. */
  body: string;
  isCut: boolean;
}

const mostBody = 8000;

export function shownDelivery(delivery: KeptDelivery): ShownDelivery {
  const { id, sourceId, correlationId, receivedAt, attempts, settlement, requeues, headers, body } = delivery;
  const text = new TextDecoder().decode(body);
  return {
    id,
    sourceId,
    correlationId,
    receivedAt,
    attempts,
    outcome: settlement?.outcome ?? "waiting",
    reason: shownText(reasonOf(settlement), 2000),
    requeues: requeues.map(({ at, by, reason }) => ({
      at,
      by: shownText(by, 200),
      reason: shownText(reason, 500),
    })),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [shownText(name, 100), shownText(value, 500)]),
    ),
    size: body.byteLength,
    // Redacted before it is cut: half a credential would not be known as one.
    body: shownText(text, mostBody),
    isCut: text.length > mostBody,
  };
}

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

/** No control or invisible character gets through to a terminal, but for line breaks and tabs. */
export function shownText(text: string, limit: number): string {
  return redact(text)
    .slice(0, limit)
    .toWellFormed()
    .replaceAll(/[^\P{C}\n\t]|[\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function reasonOf(settlement: KeptDelivery["settlement"]): string {
  switch (settlement?.outcome) {
    case "quarantined":
      return settlement.reason;
    case "noted":
      return settlement.what;
    case "joined":
      return settlement.incidentIds.join(", ");
    case "duplicate":
      return settlement.of === null ? "" : `of ${settlement.of}`;
    case undefined:
      return "";
  }
}

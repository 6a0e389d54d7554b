import { redact } from "../../domain/redact.ts";
import type { ShownDelivery } from "../ports/console-reads.ts";
import type { KeptDelivery } from "../ports/storage.ts";

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

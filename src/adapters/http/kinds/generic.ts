import type { Alert, Severity } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import { type GenericMapping, readPointer, type Source } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { labelsOf } from "./compose-alert.ts";
import { parseJson } from "./parse-json.ts";
import { tagsOf } from "./peek.ts";
import { firstText, limits, severityOf, toFingerprint, toLinks, toPastInstant, toText } from "./normalise.ts";

/** Members of the plain form that say where the trouble is; the catalogue matches by labels. */
const placeLabels = ["service", "environment"];

/** Reads any JSON object as one alert, by the source's declared mapping. Never throws. */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: Extract<Source, { kind: "generic" }>,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = json.value;
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { kind: "unmappable", reason: "body: it must be a JSON object" };
  }
  const { mapping } = source;
  const title = toText(readPointer(body, mapping.title), limits.title);
  if (title === "") return missing(mapping.title, "title");
  const statusWord = toText(readPointer(body, mapping.status), 100);
  // Taking an alert that does not say for a firing one would reopen what "ok" under another name had closed.
  if (statusWord === "") return missing(mapping.status, "status");

  const status = isOver(statusWord, mapping) ? "resolved" : "firing";
  const labels = labelsIn(body, mapping);
  const alert: Alert = {
    sourceId: source.id,
    fingerprint: toFingerprint(readPointer(body, mapping.fingerprint), { ...labels, title }),
    status,
    title,
    summary: summaryOf(body, mapping),
    severity: severityIn(body, mapping) ?? "warning",
    startedAt: toPastInstant(readPointer(body, mapping.startedAt), receivedAt) ?? receivedAt,
    endedAt:
      status === "firing"
        ? null
        : (toPastInstant(readPointer(body, mapping.endedAt), receivedAt) ?? receivedAt),
    labels,
    links: toLinks(mapping.links.flatMap((pointer) => readPointer(body, pointer))),
    groupHint: null,
  };
  return { kind: "alerts", alerts: [alert] };
}

function missing(pointer: string, what: string): ParsedDelivery {
  return {
    kind: "unmappable",
    reason: `${pointer}: no text there; the source's mapping.${what} must point at one`,
  };
}

function isOver(word: string, { resolvedWords }: GenericMapping): boolean {
  return resolvedWords.some((one) => one.toLowerCase() === word.toLowerCase());
}

function severityIn(body: object, { severity, severityWords }: GenericMapping): Severity | null {
  const word = toText(readPointer(body, severity), 100);
  const declared = Object.entries(severityWords).find(([own]) => own.toLowerCase() === word.toLowerCase());
  return declared?.[1] ?? severityOf(word);
}

function labelsIn(body: object, mapping: GenericMapping): Record<string, string> {
  const places = Object.fromEntries(placeLabels.map((name) => [name, readPointer(body, name)]));
  const extra = Object.fromEntries(
    Object.entries(mapping.extraLabels).map(([name, pointer]) => [name, readPointer(body, pointer)]),
  );
  // What the mapping names wins over what merely stands there.
  return labelsOf([places, tagsOf(readPointer(body, mapping.labels)), extra]);
}

function summaryOf(body: object, { summary }: GenericMapping): string {
  const texts = [readPointer(body, summary), readPointer(body, "description")];
  const parts = new Set(texts.map((text) => toText(text, limits.summary)).filter((text) => text !== ""));
  return firstText(limits.summary, [...parts].join(" — "));
}

import { createHash } from "node:crypto";
import type { Severity } from "../../../domain/alert.ts";
import { outsideText } from "../../../domain/evidence/outside-text.ts";
import { type Instant, toInstant } from "../../../domain/ids.ts";
import { gone, namesSecret, redact } from "../../../domain/redact.ts";
import { remembered } from "./remembered.ts";

/** How large an alert's parts may be; what is beyond stays in the raw row. */
export const limits = {
  title: 300,
  summary: 3000,
  labels: 100,
  labelName: 128,
  labelValue: 1000,
  labelsInAll: 16_000,
  links: 10,
};

/** The most alerts that one delivery may carry; each becomes an event. */
export const maxAlerts = 2000;

/** One line without credentials and control characters; "" for what is no text, number or boolean. */
export function toText(value: unknown, limit: number): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  // Cut before cleaning: a body is one text of 256 KB at worst.
  return typeof value === "string" ? cleaned(value.slice(0, limit * 4), limit) : "";
}

/** Alerts of one system say most things in the same words, and looking for credentials is most of reading them. */
const cleaned = remembered(outsideText);

/** The first of `values` that has a text. */
export function firstText(limit: number, ...values: readonly unknown[]): string {
  for (const value of values) {
    const text = toText(value, limit);
    if (text !== "") return text;
  }
  return "";
}

/** What a template's variable leaves behind that had no value: `$HOSTNAME`, `$TAGS[env]`, `{{ host }}`. */
export function isPlaceholder(text: string): boolean {
  return (
    text.length <= 200 && /^\s*(?:\$\{?[A-Z][A-Z0-9_]*(?:\[[^[\]]*\])?\}?|\{\{[^{}]*\}\})\s*$/.test(text)
  );
}

/**
 * Labels whose values are texts, numbers or booleans, without the names that mean something to JavaScript, and without
 * the values of names that mean a credential, and without variables that a template left as they were.
 */
export function toLabels(value: unknown): Record<string, string> {
  const labels: Record<string, string> = {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) return labels;
  let left = limits.labels;
  // An incident keeps many alerts whole, and is written with each that joins.
  let space = limits.labelsInAll;
  for (const [rawName, rawValue] of Object.entries(value)) {
    const name = toText(rawName, limits.labelName);
    const text = toText(rawValue, limits.labelValue);
    if (name === "" || name === "__proto__" || text === "" || isPlaceholder(text)) continue;
    if (left === 0) break;
    if (name.length + text.length > space) continue;
    left -= 1;
    space -= name.length + text.length;
    labels[name] = namesSecret(name) ? gone : text;
  }
  return labels;
}

/**
 * http and https addresses, each once, without the parts of the query that are credentials; none whose user, path or
 * fragment holds one. They are shown, never fetched.
 */
export function toLinks(values: readonly unknown[]): string[] {
  const links = new Set<string>();
  for (const value of values) {
    if (typeof value !== "string" || value.length > 2000) continue;
    const link = shownLink(value);
    if (link !== "") links.add(link);
  }
  return [...links].slice(0, limits.links);
}

/** "" for an address that is not to be shown. */
const shownLink = remembered((text) => {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return "";
  const secret = [...url.searchParams].filter(([name, value]) => isSecretParameter(name, value));
  // Only then: what is deleted from is written anew, in another notation than its author's.
  for (const [name] of secret) url.searchParams.delete(name);
  return redact(decoded(url.href)) === decoded(url.href) ? url.href : "";
});

function isSecretParameter(name: string, text: string): boolean {
  return namesSecret(name) || /^(?:sig|auth|authorization|jwt|key)$/i.test(name) || redact(text) !== text;
}

/** A percent sign that is no escape stays as it is. */
function decoded(address: string): string {
  return address.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

const earliest = Date.UTC(2000, 0, 1);
const aheadMs = 5 * 60_000;

/**
 * An RFC 3339 text, or a number (also as a text) of seconds, milliseconds, microseconds or nanoseconds since 1970, as an
 * instant. A text without a zone is taken for UTC. Null for anything else, for Go's zero time (0001-01-01), and for what
 * lies more than five minutes after `receivedAt`: no alert starts or ends in the future, and look-back windows are
 * counted from here.
 */
export function toPastInstant(value: unknown, receivedAt: Instant): Instant | null {
  const ms = Math.trunc(msOf(value));
  if (!(ms >= earliest && ms <= Date.parse(receivedAt) + aheadMs)) return null;
  return toInstant(ms);
}

function msOf(value: unknown): number {
  if (typeof value === "number") {
    if (value < 1e11) return value * 1000;
    return value < 1e14 ? value : value / (value < 1e17 ? 1e3 : 1e6);
  }
  if (typeof value !== "string" || value.length > 64) return Number.NaN;
  const text = value.trim();
  if (/^\d{9,19}(?:\.\d{1,9})?$/.test(text)) return msOf(Number(text));
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d/.test(text)) return Number.NaN;
  return Date.parse(/(?:[zZ]|[+-]\d\d:?\d\d|UTC|GMT)$/.test(text) ? text : `${text}Z`);
}

/** The source's own mark if it is printable, short and no credential; else a hash of `parts`, the same for the same parts. */
export function toFingerprint(own: unknown, parts: Record<string, string>): string {
  const mark = typeof own === "number" ? String(own) : own;
  if (typeof mark === "string" && /^[\x21-\x7e]{1,256}$/.test(mark) && redact(mark) === mark) {
    return mark;
  }
  const hash = createHash("sha256");
  if (typeof mark === "string" && mark !== "") return hash.update(mark).digest("hex").slice(0, 32);
  for (const [name, text] of Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, text]));
  }
  return hash.digest("hex").slice(0, 32);
}

/** A text that says what belongs together; a long one is replaced by its hash, so that no two become one. */
export function toGroupHint(value: unknown): string | null {
  if (typeof value !== "string" || value.trim() === "") return null;
  const hint = toText(value, 512);
  return hint === value ? hint : createHash("sha256").update(value).digest("hex");
}

const severityWords: readonly (readonly [Severity, string])[] = [
  ["critical", "critical crit fatal emergency emerg alert page disaster p0 p1 sev0 sev1"],
  ["error", "error err high major p2 sev2"],
  ["warning", "warning warn medium moderate average minor p3 sev3"],
  ["info", "info information informational notice verbose low none debug ok p4 p5 sev4 sev5"],
];

const severityByWord: ReadonlyMap<string, Severity> = new Map(
  severityWords.flatMap(([severity, words]) => words.split(" ").map((word) => [word, severity] as const)),
);

/** The severity a word commonly means; null for a word that means none. */
export function severityOf(word: string): Severity | null {
  return severityByWord.get(word.toLowerCase().replaceAll(/[\s_-]/g, "")) ?? null;
}

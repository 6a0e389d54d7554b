import { everywhere } from "../../../domain/authority/authority.ts";
import { longestOverrideMs, shortestOverrideMs } from "../../../domain/authority/decide-authority.ts";
import { closestWord, suggestion } from "../../../domain/closest-word.ts";
import { Duration, durationMs } from "../../../domain/policy/governance-contract.ts";
import { mrkdwn } from "../escape-text.ts";

/** Where nobody says for how long. */
export const usualOverrideMs = 3_600_000;

export type ReadOverride =
  { kind: "read"; scope: string; forMs: number; reason: string } | { kind: "told"; lines: string[] };

/** `[service|all] [duration] <reason>`, as typed; what is missing or unknown is told with the usage. */
export function readOverride(text: string, services: readonly string[], usage: string): ReadOverride {
  const place = readScope(wordsOf(text), services, usage);
  if (place.kind === "told") return place;
  const { scope, rest } = place;
  const [first = ""] = rest;
  const looksLikeTime = /^\d/.test(first);
  if (looksLikeTime && !isDuration(first)) {
    return told(`"${mrkdwn(first, 40)}" is no duration, such as 30m or 2h: ${usage}.`);
  }
  const forMs = looksLikeTime ? durationMs(first.toLowerCase()) : usualOverrideMs;
  if (forMs < shortestOverrideMs || forMs > longestOverrideMs) {
    return told(`"${mrkdwn(first, 40)}" is out of bounds: it lasts from 5m to 24h.`);
  }
  const reason = (looksLikeTime ? rest.slice(1) : rest).join(" ").slice(0, 500);
  if (reason === "") return told(`Say why: ${usage}.`);
  return { kind: "read", scope, forMs, reason };
}

/** `[service|all] <reason>`. */
export function readResume(
  text: string,
  services: readonly string[],
  usage: string,
): { kind: "read"; scope: string; reason: string } | { kind: "told"; lines: string[] } {
  const place = readScope(wordsOf(text), services, usage);
  if (place.kind === "told") return place;
  const reason = place.rest.join(" ").slice(0, 500);
  return reason === "" ? told(`Say why: ${usage}.`) : { kind: "read", scope: place.scope, reason };
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Without a place everything is meant, but a word that was probably meant as a service is asked about. */
function readScope(
  words: readonly string[],
  services: readonly string[],
  usage: string,
): { kind: "read"; scope: string; rest: string[] } | { kind: "told"; lines: string[] } {
  const [first = "", second = ""] = words;
  if (["all", everywhere].includes(first.toLowerCase())) {
    return { kind: "read", scope: everywhere, rest: words.slice(1) };
  }
  const named = services.find((name) => name.toLowerCase() === first.toLowerCase());
  if (named !== undefined) return { kind: "read", scope: named, rest: words.slice(1) };
  if (!isDuration(first) && (isDuration(second) || closestWord(first, services) !== null)) {
    return told(
      `There is no service "${mrkdwn(first, 63)}" in the catalogue.${suggestion(first, services)} For every service write \`all\`: ${usage}.`,
    );
  }
  return { kind: "read", scope: everywhere, rest: [...words] };
}

function isDuration(word: string): boolean {
  return Duration.safeParse(word.toLowerCase()).success;
}

function told(line: string): { kind: "told"; lines: string[] } {
  return { kind: "told", lines: [line] };
}

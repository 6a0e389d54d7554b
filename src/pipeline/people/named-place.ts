import type { Place } from "../places-of.ts";

/** The one place that a text names by service, and by environment where there are several; null: none, or not one. */
export function namedPlace<P extends Pick<Place, "service" | "environmentName">>(
  text: string,
  places: readonly P[],
): P | null {
  const words = text.toLowerCase();
  const ofService = places.filter(({ service }) => names(words, service));
  const both = ofService.filter(({ environmentName }) => names(words, environmentName));
  const [only, ...others] = both.length > 0 ? both : ofService;
  return others.length === 0 ? (only ?? null) : null;
}

/** As a word of its own: "checkout" is not named by "checkouts" or "checkout-api". */
function names(words: string, name: string): boolean {
  const wanted = name.toLowerCase();
  for (let at = words.indexOf(wanted); at !== -1; at = words.indexOf(wanted, at + 1)) {
    const around = `${words[at - 1] ?? " "}${words[at + wanted.length] ?? " "}`;
    const beyond = words.slice(at + wanted.length, at + wanted.length + 2);
    const joined = /^[.-][\p{L}\p{N}]/u.test(beyond) || /[.-]/.test(around[0] ?? "");
    if (!/[\p{L}\p{N}_]/u.test(around) && !joined) return true;
  }
  return false;
}

import { envOfSecret } from "../../../src/sandbox/featbit/guid.ts";

const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/;
const TRACE = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;
const SECRET = /^[A-Za-z0-9_-]{44}$/;

/** Recorded ids and the ids that stand for them in the sandbox; bound at first sight, then held to. */
export class Ids {
  readonly #actual = new Map<string, string>();
  readonly #recorded = new Map<string, string>();

  bind(recorded: string, actual: string): boolean {
    const [from, to] = [recorded.toLowerCase(), actual.toLowerCase()];
    const known = this.#actual.get(from);
    if (known !== undefined) return known === to;
    if (this.#recorded.has(to)) return false;
    this.#actual.set(from, to);
    this.#recorded.set(to, from);
    return true;
  }

  /** A recorded text with the sandbox's ids in it. */
  translate(text: string): string {
    return text.replace(GUID, (id) => {
      const actual = this.#actual.get(id.toLowerCase()) ?? id.toLowerCase();
      return id === id.toUpperCase() ? actual.toUpperCase() : actual;
    });
  }
}

/** Where two answers differ; ids are matched through `ids`, instants and trace ids by their form. */
export function differences(recorded: unknown, actual: unknown, ids: Ids, at = ""): string[] {
  if (typeof recorded === "string" && typeof actual === "string")
    return textDifferences(recorded, actual, ids, at);
  if (Array.isArray(recorded) && Array.isArray(actual)) {
    if (recorded.length !== actual.length)
      return [`${at}: ${recorded.length} items recorded, got ${actual.length}`];
    return recorded.flatMap((item, index) => differences(item, actual[index], ids, `${at}[${index}]`));
  }
  if (isRecord(recorded) && isRecord(actual)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
    return [...names].flatMap((name) => {
      if (!Object.hasOwn(actual, name)) return [`${at}.${name}: missing`];
      if (!Object.hasOwn(recorded, name)) return [`${at}.${name}: not recorded`];
      return differences(recorded[name], actual[name], ids, `${at}.${name}`);
    });
  }
  // Milliseconds since 1970 in a body are instants as well.
  if (isInstantMs(recorded) && isInstantMs(actual)) return [];
  return Object.is(recorded, actual) ? [] : [`${at}: recorded ${show(recorded)}, got ${show(actual)}`];
}

function textDifferences(recorded: string, actual: string, ids: Ids, at: string): string[] {
  if (at.endsWith(".previous") || at.endsWith(".current")) {
    if (recorded !== "" && actual !== "")
      return differences(JSON.parse(recorded), JSON.parse(actual), ids, `${at}(json)`);
  }
  const difference = [`${at}: recorded ${show(recorded)}, got ${show(actual)}`];
  for (const form of [INSTANT, TRACE]) {
    if (form.test(recorded)) return form.test(actual) ? [] : difference;
  }
  if (SECRET.test(recorded) && SECRET.test(actual)) {
    const [from, to] = [envOfSecret(recorded), envOfSecret(actual)];
    return from && to && ids.bind(from, to) ? [] : difference;
  }
  const [from, to] = [recorded.match(GUID) ?? [], actual.match(GUID) ?? []];
  if (from.length !== to.length || recorded.replace(GUID, "") !== actual.replace(GUID, "")) return difference;
  return from.every((id, index) => ids.bind(id, to[index] ?? "")) ? [] : difference;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isInstantMs = (value: unknown): boolean => typeof value === "number" && value > 1.6e12 && value < 2e12;

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 160) ?? "undefined";

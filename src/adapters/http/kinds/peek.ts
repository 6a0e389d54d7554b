/** Own members of an object that somebody else wrote; an empty one for anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  const none: Record<string, unknown> = Object.create(null);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return none;
  return Object.assign(none, value);
}

/** The entries of an array, or the value itself where one was sent without the array around it; none for nothing. */
export function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === "" ? [] : [value];
}

/** An object that may have been sent as a text: what templates make of an object in quotes. */
export function unquoted(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** `env:prod team:shop`: without a space after any colon. */
const severalTags = /^\s*[^\s:=]{1,200}[:=]\S+(?:\s+[^\s:=]{1,200}[:=]\S+)+\s*$/;

/**
 * Tags as labels: `["env:prod", "team:shop"]`, `"env:prod, team:shop"`, `[{key, value}]` or an object. A tag without a
 * value becomes `true`; of a name that stands there twice the first counts.
 */
export function tagsOf(value: unknown): Record<string, unknown> {
  const tags: Record<string, unknown> = Object.create(null);
  const add = (name: string, text: unknown): void => {
    if (name !== "" && !(name in tags)) tags[name] = text;
  };
  const listed = typeof value === "string" ? value.split(/[,\n]/) : value;
  if (!Array.isArray(listed)) return membersOf(value);
  const parts: readonly unknown[] = listed.flatMap((part: unknown) =>
    typeof part === "string" && severalTags.test(part) ? part.trim().split(/\s+/) : [part],
  );
  for (const part of parts.slice(0, 500)) {
    if (typeof part === "string") {
      // [AWS]env:prod: the square brackets say where Dynatrace has the tag from.
      const [, name = "", text] =
        /^(?:\[[^\]]{0,50}\])?([^:=]{0,200})(?:[:=](.*))?$/s.exec(part.trim()) ?? [];
      add(name.trim(), text === undefined ? "true" : text.trim());
      continue;
    }
    const { key, name, Key, Name, value, Value } = membersOf(part);
    const found = [key, name, Key, Name].find((one) => typeof one === "string") ?? "";
    const text = value ?? Value;
    add(found, text === undefined || text === null ? "true" : text);
  }
  return tags;
}

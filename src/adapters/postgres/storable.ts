/**
 * Text as a text column can hold it: U+0000 and lone surrogates, which PostgreSQL and UTF-8 have no place for,
 * become U+FFFD. For keys that are looked up: apply it on both sides.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/**
 * The same value with every lone surrogate replaced, which canonical JSON (RFC 8785) refuses. U+0000 stays: JSON
 * text writes it as an escape. Alert texts are whatever somebody sent; none may make an event unwritable.
 */
export function wellFormed<Value>(value: Value): Value;
export function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map((each: unknown) => wellFormed(each));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key.toWellFormed(), wellFormed(each)]),
  );
}

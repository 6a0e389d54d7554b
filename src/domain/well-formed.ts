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

import { z } from "zod";

/** The keys that an object at `path` inside `schema` may have, over all branches of unions; for suggestions only. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [step, ...rest] = path;
  return unwrap(schema).flatMap((inner) => {
    if (inner instanceof z.ZodObject) {
      const shape: Record<string, z.core.$ZodType> = inner.shape;
      if (step === undefined) return Object.keys(shape);
      const next = shape[String(step)];
      return next === undefined ? [] : keysAt(next, rest);
    }
    if (step === undefined) return [];
    if (inner instanceof z.ZodArray) return keysAt(inner.element, rest);
    if (inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest);
    return [];
  });
}

/** The schemas behind defaults, optionals and unions. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => unwrap(option));
  return [schema];
}

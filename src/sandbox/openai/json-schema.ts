import { z } from "zod";

/** The part of JSON Schema that structured outputs use. */
export const JsonSchema = z.record(z.string(), z.unknown());
export type JsonSchema = z.infer<typeof JsonSchema>;

/** The schema that a `$ref` of this document points to; the schema itself when it is no reference. */
export function resolveReference(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) found = child(found, part);
  const resolved = JsonSchema.safeParse(found);
  if (!resolved.success) throw new Error(`the schema has no definition ${reference}`);
  return resolveReference(root, resolved.data);
}

export function child(value: unknown, key: string): unknown {
  const record = JsonSchema.safeParse(value);
  return record.success ? record.data[key] : undefined;
}

/** A keyword that holds schemas by name (`properties`, `$defs`), or an empty list. */
export function namedSchemas(schema: JsonSchema, keyword: string): [string, JsonSchema][] {
  const named = z.record(z.string(), JsonSchema).safeParse(schema[keyword]);
  return named.success ? Object.entries(named.data) : [];
}

/** A keyword that holds a list of schemas (`anyOf`), or an empty list. */
export function listedSchemas(schema: JsonSchema, keyword: string): JsonSchema[] {
  const listed = z.array(JsonSchema).safeParse(schema[keyword]);
  return listed.success ? listed.data : [];
}

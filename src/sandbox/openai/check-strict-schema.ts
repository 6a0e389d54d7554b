import { listedSchemas, namedSchemas, JsonSchema } from "./json-schema.ts";

const refusedKeywords = (
  "oneOf allOf not if then else dependentRequired dependentSchemas patternProperties propertyNames unevaluatedProperties " +
  "unevaluatedItems contains minContains maxContains uniqueItems minProperties maxProperties minLength maxLength default"
).split(" ");
const formats = new Set("date-time time date duration email hostname ipv4 ipv6 uuid".split(" "));
const maxDepth = 10;
const maxProperties = 5_000;
const maxEnumValues = 1_000;

/**
 * Why OpenAI refuses a schema with `strict: true`, in its words; undefined when it takes it.
 * Source: https://platform.openai.com/docs/guides/structured-outputs (supported schemas).
 */
export function strictSchemaFault(schema: JsonSchema): string | undefined {
  if (schema["anyOf"] !== undefined) return fault([], "schema must not have 'anyOf' at the top level.");
  if (schema["type"] !== "object") {
    const type = typeof schema["type"] === "string" ? schema["type"] : "None";
    return `schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`;
  }
  const size = { properties: 0, enumValues: 0 };
  const found = faultIn(schema, [], 1, size);
  if (found !== undefined) return found;
  if (size.properties > maxProperties)
    return `schema exceeds the limit of ${maxProperties} object properties.`;
  if (size.enumValues > maxEnumValues) return `schema exceeds the limit of ${maxEnumValues} enum values.`;
  return undefined;
}

type Size = { properties: number; enumValues: number };

function faultIn(schema: JsonSchema, path: string[], depth: number, size: Size): string | undefined {
  if (depth > maxDepth) return fault(path, `schema exceeds the nesting limit of ${maxDepth}.`);
  const refused = refusedKeywords.find((keyword) => keyword in schema);
  if (refused !== undefined) return fault(path, `'${refused}' is not permitted.`);
  if (
    schema["type"] === undefined &&
    !["$ref", "anyOf", "enum", "const"].some((keyword) => keyword in schema)
  ) {
    return fault(path, "schema must have a 'type' key.");
  }
  const format = schema["format"];
  if (typeof format === "string" && !formats.has(format))
    return fault(path, `'${format}' is not a valid format.`);
  if (Array.isArray(schema["enum"])) size.enumValues += schema["enum"].length;
  return (
    (schema["type"] === "object" ? objectFault(schema, path, size) : undefined) ??
    nestedFault(schema, path, depth, size)
  );
}

function objectFault(schema: JsonSchema, path: string[], size: Size): string | undefined {
  if (schema["additionalProperties"] !== false) {
    return fault(path, "'additionalProperties' is required to be supplied and to be false.");
  }
  const names = namedSchemas(schema, "properties").map(([name]) => name);
  size.properties += names.length;
  const required: unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const missing = names.find((name) => !required.includes(name));
  if (missing !== undefined) {
    return fault(
      path,
      `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
    );
  }
  const extra = required.find((name) => typeof name !== "string" || !names.includes(name));
  return extra === undefined
    ? undefined
    : fault(path, `Extra required key ${JSON.stringify(extra)} supplied.`);
}

function nestedFault(schema: JsonSchema, path: string[], depth: number, size: Size): string | undefined {
  const nested: [string[], JsonSchema, number][] = [
    ...namedSchemas(schema, "properties").map(([name, inner]): [string[], JsonSchema, number] => [
      ["properties", name],
      inner,
      depth + 1,
    ]),
    ...listedSchemas(schema, "anyOf").map((inner, index): [string[], JsonSchema, number] => [
      ["anyOf", String(index)],
      inner,
      depth,
    ]),
    ...["$defs", "definitions"].flatMap((keyword) =>
      namedSchemas(schema, keyword).map(([name, inner]): [string[], JsonSchema, number] => [
        [keyword, name],
        inner,
        1,
      ]),
    ),
  ];
  const items = JsonSchema.safeParse(schema["items"]);
  if (schema["type"] === "array" && !items.success) return fault(path, "array schema missing items.");
  if (items.success) nested.push([["items"], items.data, depth + 1]);
  for (const [steps, inner, innerDepth] of nested) {
    const found = faultIn(inner, [...path, ...steps], innerDepth, size);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** OpenAI prints paths as Python tuples: `()`, `('properties',)`, `('properties', 'a')`. */
function fault(path: string[], what: string): string {
  const quoted = path.map((step) => `'${step}'`);
  return `In context=(${quoted.join(", ")}${quoted.length === 1 ? "," : ""}), ${what}`;
}

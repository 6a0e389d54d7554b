import { child, JsonSchema, listedSchemas, namedSchemas, resolveReference } from "./json-schema.ts";

/** Decides the value at a property; `undefined` leaves it to the schema. `name` is the nearest property's name. */
export type Choose = (name: string, schema: JsonSchema) => unknown;

/** The smallest value that obeys a schema, with the values that `choose` has an opinion on. */
export function fillSchema(root: JsonSchema, choose: Choose): unknown {
  function fill(unresolved: JsonSchema, name: string): unknown {
    const schema = resolveReference(root, unresolved);
    const chosen = choose(name, schema);
    if (chosen !== undefined) return chosen;
    if ("const" in schema) return schema["const"];
    if (Array.isArray(schema["enum"])) return schema["enum"][0];
    const options = listedSchemas(schema, "anyOf");
    if (options.length > 0)
      return fill(options.find(({ type }) => type !== "null") ?? options[0] ?? {}, name);
    return ofType(schema, name);
  }

  function ofType(schema: JsonSchema, name: string): unknown {
    const type: unknown = Array.isArray(schema["type"])
      ? schema["type"].find((one) => one !== "null")
      : schema["type"];
    switch (type) {
      case "object":
        return Object.fromEntries(
          namedSchemas(schema, "properties").map(([key, inner]) => [key, fill(inner, key)]),
        );
      case "array": {
        const items = JsonSchema.parse(child(schema, "items") ?? {});
        const count = Math.max(1, Number(schema["minItems"] ?? 1));
        return Array.from({ length: Math.min(count, Number(schema["maxItems"] ?? count)) }, () =>
          fill(items, name),
        );
      }
      case "string":
        return `${name} as the model words it`;
      case "integer":
      case "number":
        return Math.max(0, Number(schema["minimum"] ?? 0));
      case "boolean":
        return false;
      default:
        return null;
    }
  }

  return fill(root, "answer");
}

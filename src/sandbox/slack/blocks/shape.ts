import { isObject, type Json, type JsonObject } from "../json.ts";

/** One complaint, at a JSON pointer into the refused value. */
export type BlockIssue = { readonly message: string; readonly pointer: string };
export type Check = (value: Json, pointer: string, issues: BlockIssue[]) => void;

/** The string form Slack puts into `response_metadata.messages`. */
export function formatIssue({ message, pointer }: BlockIssue): string {
  return `[ERROR] ${message} [json-pointer:${pointer}]`;
}

export function text(max: number, min = 1): Check {
  return (value, pointer, issues) => {
    if (typeof value !== "string") return complain(issues, pointer, "must be a string");
    if (value.length < min) complain(issues, pointer, `must be more than ${min - 1} characters`);
    if (value.length > max) complain(issues, pointer, `must be less than ${max + 1} characters`);
  };
}

export function pattern(expression: RegExp, wanted: string): Check {
  return (value, pointer, issues) => {
    if (typeof value !== "string" || !expression.test(value)) complain(issues, pointer, `must be ${wanted}`);
  };
}

export const url: Check = (value, pointer, issues) => {
  text(3000)(value, pointer, issues);
  if (typeof value === "string" && !URL.canParse(value)) complain(issues, pointer, "must be a valid URL");
};

export const flag: Check = (value, pointer, issues) => {
  if (typeof value !== "boolean") complain(issues, pointer, "must be a boolean");
};

export function integer(min: number, max: number): Check {
  return (value, pointer, issues) => {
    if (typeof value !== "number" || !Number.isInteger(value))
      return complain(issues, pointer, "must be an integer");
    if (value < min) complain(issues, pointer, `must be greater than or equal to ${min}`);
    if (value > max) complain(issues, pointer, `must be less than or equal to ${max}`);
  };
}

export function oneOf(...allowed: readonly string[]): Check {
  return (value, pointer, issues) => {
    if (typeof value !== "string" || !allowed.includes(value)) {
      complain(issues, pointer, `failed to match any allowed value: ${allowed.join(", ")}`);
    }
  };
}

export function list(item: Check, max: number, min = 1): Check {
  return (value, pointer, issues) => {
    if (!Array.isArray(value)) return complain(issues, pointer, "must be an array");
    if (value.length < min) complain(issues, pointer, `no less than ${min} items allowed`);
    if (value.length > max) complain(issues, pointer, `no more than ${max} items allowed`);
    for (const [index, each] of (value as readonly Json[]).entries())
      item(each, `${pointer}/${index}`, issues);
  };
}

export const anything: Check = () => undefined;

export type Fields = Readonly<Record<string, Check>>;

/** An object with the named fields only. `extra` looks at the whole once the fields were looked at. */
export function object(
  required: Fields,
  optional: Fields = {},
  extra?: (value: JsonObject, pointer: string, issues: BlockIssue[]) => void,
): Check {
  return (value, pointer, issues) => {
    if (!isObject(value)) return complain(issues, pointer, "must be an object");
    for (const name of Object.keys(required)) {
      if (value[name] === undefined || value[name] === null)
        complain(issues, pointer, `missing required field: ${name}`);
    }
    for (const [name, part] of Object.entries(value)) {
      if (part === undefined || part === null) continue;
      const check = required[name] ?? optional[name];
      if (check === undefined) complain(issues, pointer, `invalid additional property: ${name}`);
      else check(part, `${pointer}/${name}`, issues);
    }
    extra?.(value, pointer, issues);
  };
}

/** An object whose `type` picks the check. */
export function byType(kinds: Fields): Check {
  return (value, pointer, issues) => {
    if (!isObject(value)) return complain(issues, pointer, "must be an object");
    const type = value["type"];
    if (type === undefined) return complain(issues, pointer, "missing required field: type");
    const check = typeof type === "string" && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (check === undefined)
      return complain(
        issues,
        `${pointer}/type`,
        `unsupported type: ${JSON.stringify(type).replaceAll('"', "")}`,
      );
    check(value, pointer, issues);
  };
}

export function complain(issues: BlockIssue[], pointer: string, message: string): void {
  issues.push({ pointer, message });
}

import type { z } from "zod";
import { suggestion } from "../domain/closest-word.ts";
import { keysAt } from "./schema-keys.ts";

/** One thing that is wrong with a document, and at which place of the document it is to be shown. */
export interface DescribedIssue {
  path: readonly PropertyKey[];
  /** Show the place of the key itself instead of that of its value. */
  atKey: boolean;
  /** A sentence without its place. */
  text: string;
}

/** Says a schema's complaint in words, with the value found and the nearest word that would be right. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  schema: z.core.$ZodType,
  document: unknown,
): DescribedIssue[] {
  const { path } = issue;
  const found = valueAt(document, path);
  const name = nameOf(path);
  const one = (text: string, atKey = false): DescribedIssue[] => [{ path, atKey, text }];

  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        text: `unknown key "${shown(key)}"${path.length === 0 ? "" : ` in ${name}`}.${
          suggestion(key, known) || ` Known here: ${known.join(", ")}.`
        }`,
      }));
    }
    case "invalid_value": {
      if (found === undefined) return one(missing(path, `one of ${issue.values.map(String).join(", ")}`));
      const words = issue.values.map(String);
      return one(
        `${name} must be ${words.length === 1 ? "" : "one of "}${words.join(", ")}, not ${quoted(found)}.${suggestion(plainText(found), words)}`,
      );
    }
    case "invalid_type":
      if (found === undefined) return one(missing(path, kindOf(issue.expected)));
      return one(`${name} must be ${kindOf(issue.expected)}, not ${quoted(found)}.`);
    case "invalid_union": {
      if (issue.discriminator !== undefined) {
        const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
        if (found === undefined) return one(missing(path, `one of ${options.join(", ")}`));
        return one(
          `${name} must be one of ${options.join(", ")}, not ${quoted(found)}.${suggestion(plainText(found), options)}`,
        );
      }
      // The branch that got furthest is the one that was meant.
      const branches = issue.errors.map((errors) =>
        errors.flatMap((inner) =>
          describeIssue({ ...inner, path: [...path, ...inner.path] }, schema, document),
        ),
      );
      const nearest = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
      return nearest ?? one(`${name} is not what is expected here.`);
    }
    case "invalid_key": {
      const reason = issue.issues.map((inner) => reasonOf(inner)).join(", ");
      return one(
        `the name "${shown(String(path.at(-1)))}" is not possible here: it must be ${reason}.`,
        true,
      );
    }
    default:
      if (found === undefined) return one(missing(path, reasonOf(issue)));
      return one(`${name} must be ${reasonOf(issue)}, not ${quoted(found)}.`);
  }
}

function depth(issues: readonly DescribedIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function missing(path: readonly PropertyKey[], what: string): string {
  return `${nameOf(path)} is missing; it must be ${what}.`;
}

/** What the value should have been: the schema's own words where it has some, else made from its limits. */
function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${amount(Number(issue.minimum), issue.origin)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${amount(Number(issue.maximum), issue.origin)}`;
    case "invalid_format":
      if (!issue.message.startsWith("Invalid ")) return issue.message;
      return issue.format === "regex" ? `like ${issue.pattern ?? "the pattern"}` : `a valid ${issue.format}`;
    default:
      return issue.message;
  }
}

function amount(count: number, origin: string): string {
  const plural = count === 1 ? "" : "s";
  if (origin === "string") return `${count} character${plural} long`;
  if (origin === "array" || origin === "set") return `${count} entr${count === 1 ? "y" : "ies"} long`;
  return String(count);
}

const kinds: Record<string, string> = {
  object: "a group of keys",
  record: "a group of keys",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function kindOf(expected: string): string {
  return kinds[expected] ?? expected;
}

/** `services[0].flags.keys`; the document as a whole for the empty path. */
function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the document";
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = document;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }
  return value;
}

function quoted(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of keys";
  return typeof value === "string" ? `"${shown(value)}"` : plainText(value);
}

function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function shown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

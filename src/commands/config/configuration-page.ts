import { knownVariables, type KnownVariable } from "../../config/known-variables.ts";
import { settingsSchema } from "../../config/settings-schema.ts";

/** What zod writes, as far as it is looked at here. */
interface Node {
  description?: string;
  default?: unknown;
  type?: string;
  enum?: (string | number)[];
  const?: string | number;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  additionalProperties?: Node | boolean;
  anyOf?: Node[];
  oneOf?: Node[];
}

interface Row {
  key: string;
  types: string[];
  isNeeded: boolean;
  defaults: string[];
  about: string;
}

/** `docs/configuration.md`: all keys and variables, as the schemas have them. */
export function configurationPage(): string {
  const { properties = {} }: Node = settingsSchema("inline");
  const sections = Object.entries(properties).flatMap(([key, section]) => {
    const { description = "" } = section;
    return [`### \`${key}\``, "", description, "", ...merged(rowsOf(section, key)).map(lineOf), ""];
  });
  return [
    "# Configuration",
    "",
    "Written by `signalman config docs` from the schemas in `src/config`; do not edit it. Settings stand in `signalman.yml`, which has no secrets; secrets and addresses are variables. A key or a variable of `.env` that nothing reads is an error that names the nearest one. `signalman config print` shows every value that holds and where it came from, secrets masked. `signalman config schema` prints the JSON Schema that editors use (`signalman.schema.json`): the line `# yaml-language-server: $schema=…` at the head of the file points to it.",
    "",
    "## Variables",
    "",
    "From the environment, which wins, or from `.env` of the working folder. A secret NAME may lie in a file instead: set NAME_FILE to its path. Each role reads only its own.",
    "",
    ...knownVariables.map(variableLine),
    "- the names that `secretEnv` of a source and `keyEnv` of a model route give (secret; `web` and `worker`)",
    "",
    "## signalman.yml",
    "",
    "`[]` stands for each entry of a list, `<name>` for a name of your own choice. Durations are such as `90s`, `30m`, `24h`, `7d`.",
    "",
    ...sections,
  ].join("\n");
}

function variableLine({ name, secret, roles, about, over }: KnownVariable): string {
  const notes = [
    ...(secret ? ["secret"] : []),
    ...(roles.length === 0
      ? []
      : [roles.length === 3 ? "all roles" : roles.map((each) => `\`${each}\``).join(", ")]),
    ...(over === undefined ? [] : [`wins over \`${over}\``]),
  ];
  return `- \`${name}\`${notes.length === 0 ? "" : ` (${notes.join("; ")})`}: ${about}`;
}

function lineOf({ key, types, isNeeded, defaults, about }: Row): string {
  const what = [
    types.join(" | "),
    ...(isNeeded ? ["needed"] : []),
    ...(defaults.length === 0 ? [] : [`default ${defaults.join(" or ")}`]),
  ];
  return `- \`${key}\` (${what.join(", ")})${about === "" ? "" : `: ${about}`}`;
}

function rowsOf(node: Node, key: string): Row[] {
  const { properties = {}, required = [], items, additionalProperties: more } = node;
  const rows = Object.entries(properties).flatMap(([name, member]) => {
    const at = `${key}.${name}`;
    const { description: about = "" } = member;
    const isNeeded = required.includes(name);
    return [
      { key: at, types: typesOf(member), isNeeded, defaults: defaultsOf(member), about },
      ...rowsOf(member, at),
    ];
  });
  return [
    ...rows,
    ...(node.oneOf ?? node.anyOf ?? []).flatMap((each) => rowsOf(each, key)),
    ...(items === undefined ? [] : rowsOf(items, `${key}[]`)),
    ...(typeof more === "object" ? rowsOf(more, `${key}.<name>`) : []),
  ];
}

/** The kinds of a source have most keys in common: each key once, with all that it may be. */
function merged(rows: readonly Row[]): Row[] {
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const { types, defaults } = byKey.get(row.key) ?? { types: [], defaults: [] };
    byKey.set(row.key, {
      ...row,
      types: [...new Set([...types, ...row.types])],
      defaults: [...new Set([...defaults, ...row.defaults])],
    });
  }
  return [...byKey.values()];
}

function defaultsOf({ default: value }: Node): string[] {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "{}" || text === "[]" || text.length > 60 ? [] : [`\`${text}\``];
}

function typesOf(node: Node): string[] {
  if (node.const !== undefined) return [`\`${String(node.const)}\``];
  if (node.enum !== undefined) return node.enum.map((each) => `\`${String(each)}\``);
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) return choices.flatMap(typesOf);
  const { type = "anything", minimum, maximum } = node;
  if ((type === "integer" || type === "number") && minimum !== undefined && maximum !== undefined) {
    return [`${minimum} to ${maximum}`];
  }
  return [
    { string: "text", integer: "number", boolean: "true or false", array: "list", object: "map" }[type] ??
      type,
  ];
}

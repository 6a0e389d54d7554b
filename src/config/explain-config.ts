import { ConfigError } from "../domain/config-error.ts";
import { type KnownVariable, knownVariables } from "./known-variables.ts";
import type { ConfigOrigin } from "./load-config.ts";
import { readSettings, type SettingsFile, variablesNamedIn } from "./settings.ts";
import { readVariables } from "./variables.ts";

export interface ExplainedValue {
  /** A key of `signalman.yml` such as `server.port`, or a variable. */
  key: string;
  /** Null: not set. A secret is never shown. */
  value: unknown;
  /** Where the value came from: `default`, a place in the file, or the variable that set it. */
  from: string;
}

const hidden = "[secret]";

/** Every value that holds, and where it came from. Throws `ConfigError` when `signalman.yml` cannot be read. */
export function explainConfig(origin: ConfigOrigin): ExplainedValue[] {
  const { findings, text } = readVariables(origin.env, origin.cwd);
  const file = readSettings(origin.cwd, origin.file ?? text("SIGNALMAN_CONFIG"), findings);
  if (file === null) throw new ConfigError(findings);
  const named = variablesNamedIn(file.settings)
    .filter((name) => knownVariables.every((known) => known.name !== name))
    .map((name): KnownVariable => ({ name, secret: true, roles: [], about: "" }));
  const variables = [...knownVariables, ...named];
  const over = new Map(
    variables.flatMap((each) => (each.over !== undefined && text(each.name) ? [[each.over, each]] : [])),
  );
  const settings = leavesOf(file.settings).map(([path, value]): ExplainedValue => {
    const key = keyOf(path);
    const variable = over.get(key);
    over.delete(key);
    if (variable === undefined) return { key, value, from: file.has(path) ? file.placeOf(path) : "default" };
    return { key, value: text(variable.name), from: placeOfVariable(variable.name, origin) };
  });
  // A key that has no default is only there when the file has it.
  const overAbsent = [...over].map(([key, { name }]) => ({
    key,
    value: text(name),
    from: placeOfVariable(name, origin),
  }));
  return [
    { key: "(file)", value: file.path, from: fileOrigin(file, origin) },
    ...settings,
    ...overAbsent,
    ...variables.map((variable) => explainVariable(variable, origin)),
  ];
}

function explainVariable({ name, secret }: KnownVariable, origin: ConfigOrigin): ExplainedValue {
  const { text } = readVariables(origin.env, origin.cwd);
  const path = secret ? text(`${name}_FILE`) : undefined;
  if (path !== undefined) {
    return { key: name, value: hidden, from: `${placeOfVariable(`${name}_FILE`, origin)}: ${path}` };
  }
  const value = text(name);
  if (value === undefined) return { key: name, value: null, from: "not set" };
  return { key: name, value: secret ? hidden : value, from: placeOfVariable(name, origin) };
}

/** Whoever sets a variable of the environment wins over `.env`, which then holds another value. */
function placeOfVariable(name: string, { dotEnv = [], fromEnvironment = [] }: ConfigOrigin): string {
  if (dotEnv.includes(name) && !fromEnvironment.includes(name)) return `${name} (.env)`;
  return `${name} (environment)`;
}

function fileOrigin({ exists }: SettingsFile, origin: ConfigOrigin): string {
  if (origin.file !== undefined) return "--config";
  const named = origin.env["SIGNALMAN_CONFIG"]?.trim();
  if (named !== undefined && named !== "") return placeOfVariable("SIGNALMAN_CONFIG", origin);
  return exists ? "the working folder" : "the working folder; it is not there";
}

type Path = (string | number)[];

/** Values that are no maps and no lists of maps, with their paths. */
function leavesOf(value: unknown, path: Path = []): [path: Path, value: unknown][] {
  if (Array.isArray(value) && value.some((each) => typeof each === "object")) {
    return value.flatMap((each, index) => leavesOf(each, [...path, index]));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const members = Object.entries(value);
    if (members.length > 0) return members.flatMap(([key, each]) => leavesOf(each, [...path, key]));
  }
  return value === undefined || path.length === 0 ? [] : [[path, value]];
}

function keyOf(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}

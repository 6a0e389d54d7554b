import { UsageError } from "../../command.ts";
import { suggestion } from "../../domain/closest-word.ts";
import { Tool } from "../../domain/flag/operation.ts";
import { type ControlFlag, controlFlags, controlParsers } from "../../domain/policy/control-flags.ts";
import { Mode } from "../../domain/policy/mode.ts";

const prefix = "signalman-";

/** By its key, with or without `signalman-`. Throws `UsageError`. */
export function controlNamed(typed: string): ControlFlag {
  const key = typed.startsWith(prefix) ? typed : `${prefix}${typed}`;
  const found = controlFlags.find((each) => each.key === key);
  if (found !== undefined) return found;
  const known = controlFlags.map((each) => each.key.slice(prefix.length));
  throw new UsageError(
    `There is no control "${typed.slice(0, 60)}"; there are ${known.join(", ")}.${suggestion(typed, known)}`,
  );
}

/** As FeatBit keeps it. Denied tools may also be typed with commas, or `none`. Throws `UsageError`. */
export function valueFor({ name, key }: ControlFlag, typed: string): string {
  if (name === "deniedTools") return deniedTools(typed);
  if (controlParsers[name](typed) !== undefined) return typed;
  const allowed = name === "mode" ? Mode.options : ["true", "false"];
  const what = name === "promptProfile" || name === "modelRoute" ? "a name" : allowed.join(", ");
  throw new UsageError(
    `"${typed.slice(0, 60)}" is no value of ${key}; use ${what}.${suggestion(typed, allowed)}`,
  );
}

function deniedTools(typed: string): string {
  const listed = controlParsers.deniedTools(typed);
  const tools = listed ?? (typed === "none" ? [] : typed.split(",").map((each) => each.trim()));
  for (const tool of tools) {
    if (Tool.safeParse(tool).success) continue;
    throw new UsageError(
      `There is no tool "${tool.slice(0, 60)}"; there are ${Tool.options.join(", ")}.${suggestion(tool, Tool.options)}`,
    );
  }
  return JSON.stringify(tools);
}

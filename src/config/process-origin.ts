import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError } from "../domain/config-error.ts";
import type { ConfigOrigin } from "./load-config.ts";

/** Where a command finds its configuration: `.env` of the working folder, overridden by the real environment. */
export function processOrigin(file?: string): ConfigOrigin {
  const cwd = process.cwd();
  const own = dotEnv(cwd);
  const env = { ...own, ...process.env };
  const sources = { dotEnv: Object.keys(own), fromEnvironment: Object.keys(process.env) };
  return { env, cwd, ...sources, ...(file === undefined ? {} : { file }) };
}

function dotEnv(cwd: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(join(cwd, ".env"), "utf8"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") return {};
    throw new ConfigError([
      `.env: ${join(cwd, ".env")} cannot be read (${code}); correct its permissions or remove it.`,
    ]);
  }
}

import { text } from "node:stream/consumers";
import { ConfigError } from "../domain/config-error.ts";
import { adminTokenVariable } from "./known-variables.ts";
import { Secret } from "./secret.ts";
import { readVariables } from "./variables.ts";

/**
 * An administrator's FeatBit token for this one call: from standard input, or from the process's own environment. It is
 * never read from `.env`, where it would stay. Throws `ConfigError`.
 */
export async function readAdminToken(fromStdin: boolean): Promise<Secret> {
  if (fromStdin) {
    const given = (await text(process.stdin)).trim();
    if (/^\S+$/.test(given)) return new Secret(given);
    throw new ConfigError(["--token-stdin: standard input holds no token; pipe the token alone into it."]);
  }
  const variables = readVariables(process.env, process.cwd());
  const token = variables.secret(
    adminTokenVariable,
    "give an administrator's FeatBit access token for this call with --token-stdin, or set the variable for this call only",
  );
  if (variables.findings.length > 0) throw new ConfigError(variables.findings);
  return token;
}

import { readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { Secret } from "./secret.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads variables and gathers findings, so that all that is wrong is said at once. A value that is required and
 * wrong comes back as an empty one; it is never used, because whoever loads the configuration throws on findings.
 */
export interface Variables {
  /** `NAME`, or the content of the file that `NAME_FILE` names. */
  secret(name: string, remedy: string): Secret;
  optionalSecret(name: string): Secret | null;
  text: (name: string) => string | undefined;
  readonly findings: string[];
}

export function readVariables(env: Environment, cwd: string): Variables {
  const findings: string[] = [];
  const text = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === "" ? undefined : value;
  };
  const optionalSecret = (name: string): Secret | null => {
    const direct = text(name);
    const file = text(`${name}_FILE`);
    if (direct !== undefined && file !== undefined) {
      findings.push(`${name} and ${name}_FILE are both set; unset one of them.`);
      return null;
    }
    const value =
      file === undefined ? direct : readSecretFile(`${name}_FILE`, resolveFrom(cwd, file), findings);
    if (value === undefined) return null;
    if (/[\s\p{Cc}]/u.test(value)) {
      findings.push(`${name} holds a space, line break or control character; set it to the bare value.`);
      return null;
    }
    return new Secret(value);
  };
  return {
    findings,
    text,
    optionalSecret,
    secret(name, remedy) {
      const before = findings.length;
      const secret = optionalSecret(name);
      if (secret !== null) return secret;
      if (findings.length === before) {
        findings.push(`${name} is not set; ${remedy} (or name a file that holds it in ${name}_FILE).`);
      }
      return new Secret("");
    },
  };
}

function readSecretFile(name: string, path: string, findings: string[]): string | undefined {
  let value: string;
  try {
    value = readFileSync(path, "utf8").trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    findings.push(
      `${name} names ${path}, which cannot be read (${code}); correct the path or its permissions.`,
    );
    return undefined;
  }
  if (value !== "") return value;
  findings.push(`${name} names ${path}, which is empty; write the value into it.`);
  return undefined;
}

function resolveFrom(folder: string, path: string): string {
  return isAbsolute(path) ? path : resolve(folder, path);
}

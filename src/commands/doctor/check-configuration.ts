import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { knownVariables, readableNames } from "../../config/known-variables.ts";
import { closestWord } from "../../domain/closest-word.ts";
import { type Check, type Examined, type Finding, problem, warning } from "./check.ts";

/** Begin the names of our own variables; others in the environment are none of our business. */
const ours = /^(SIGNALMAN|SLACK|FEATBIT|PROMETHEUS|OPENAI)_/;

export const checkConfiguration: Check = {
  name: "configuration",
  run: async (examined) => [
    ...ofSettings(examined.configFindings),
    ...misspelt(examined),
    ...openFiles(examined),
  ],
};

/** What ends the start, in the words of the start. */
export function ofSettings(findings: readonly string[]): Finding[] {
  return findings.map((what) =>
    problem(
      what,
      "Signalman does not start with it.",
      "Correct it; signalman config print shows where a value comes from.",
    ),
  );
}

function misspelt({ origin, config }: Examined): Finding[] {
  const named = config.sources.flatMap((source) => (source.kind === "cloudwatch" ? [] : [source.secretEnv]));
  const known = readableNames(named);
  return (origin.fromEnvironment ?? [])
    .filter((name) => ours.test(name) && !known.includes(name))
    .flatMap((name) => {
      const meant = closestWord(name, known);
      if (meant === null) return [];
      return warning(
        `${name} is set in the environment and read by nothing.`,
        `${meant} may be meant, and is not set by it.`,
        `Rename it to ${meant}, or unset it.`,
      );
    });
}

/** Files with secrets that others on this machine may read. Windows keeps no such bits. */
function openFiles({ origin }: Examined): Finding[] {
  if (process.platform === "win32") return [];
  const secretFiles = Object.entries(origin.env).flatMap(([name, path]) =>
    name.endsWith("_FILE") && knownVariables.some((each) => `${each.name}_FILE` === name) ? [path ?? ""] : [],
  );
  return [join(origin.cwd, ".env"), ...secretFiles.map((path) => resolve(origin.cwd, path))].flatMap(
    (path) => {
      const mode = modeOf(path);
      if (mode === null || (mode & 0o007) === 0) return [];
      return warning(
        `${path} can be read by every account of this machine.`,
        "It holds secrets.",
        `chmod 600 ${path}`,
      );
    },
  );
}

function modeOf(path: string): number | null {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return null;
  }
}

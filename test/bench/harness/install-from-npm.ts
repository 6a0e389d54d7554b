import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const withinMs = 180_000;

/** Installs packages of exact versions into a folder, with the npm on the path. Null, or why it could not be. */
export async function installFromNpm(folder: string, packages: readonly string[]): Promise<string | null> {
  // Without one npm looks for a project in the folders above.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];
  try {
    await promisify(execFile)("npm", ["install", ...options, "--save-exact", ...packages], {
      cwd: folder,
      timeout: withinMs,
    });
    return null;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return words.slice(0, 300);
  }
}

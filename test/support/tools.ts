import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program of this machine lies. One that is missing is named, and with `CI=true` it is a failure. */
export function tool(name: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/sbin", "/bin"]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Looked for in the next folder.
    }
  }
  if (process.env["CI"] === "true") throw new Error(`CI must have ${name}`);
  process.stderr.write(`not tested here, missing: ${name}\n`);
  return null;
}

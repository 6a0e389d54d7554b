import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** The version of this Signalman. */
export function ownVersion(): string {
  const file = join(import.meta.dirname, "..", "..", "..", "package.json");
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

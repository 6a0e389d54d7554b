import { existsSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["SIGNALMAN_CORPORA"] ?? join(import.meta.dirname, "../../../shared/corpora");

/**
 * Where a part of the public corpora lies (`alerts`, `json/test_parsing`, `blns.json` …): in the folder that
 * SIGNALMAN_CORPORA names, or in `../shared/corpora` beside the project. They are not part of it: null where they are
 * not there, and whoever asked leaves its test out by name.
 */
export function publicCorpus(part: string): string | null {
  const path = join(folder, "public", part);
  if (existsSync(path)) return path;
  process.stdout.write(`not tested here, missing: ${part} of the public corpora (SIGNALMAN_CORPORA)\n`);
  return null;
}

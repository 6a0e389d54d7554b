import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Demo } from "../open-demo.ts";
import { Unexpected } from "./steps.ts";
import { until } from "./until.ts";

const launcher = join(import.meta.dirname, "..", "..", "..", "..", "bin", "signalman.js");
const run = promisify(execFile);

/** What an auditor does: `signalman audit verify` as a program of its own, on the database that is in use. */
export async function verifyAudit({ folder }: Demo): Promise<string> {
  // The newest entries get their positions a moment after their commit.
  return until(5_000, async () => {
    const { stdout } = await run(process.execPath, [launcher, "audit", "verify"], {
      cwd: folder,
      // Nothing of this shell, such as a DATABASE_URL, may lead it elsewhere.
      env: {},
    }).catch((error: unknown) => {
      throw new Unexpected(error instanceof Error ? error.message : String(error));
    });
    const said = stdout.trim();
    if (!said.startsWith("The ledger is intact") || said.includes("not checked")) throw new Unexpected(said);
    return said.split("\n")[0] ?? "";
  });
}

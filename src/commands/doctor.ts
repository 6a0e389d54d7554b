import { statfs } from "node:fs/promises";
import { parseArgs } from "node:util";
import { inspectConfig } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import type { Machine } from "./doctor/check.ts";
import { ofSettings } from "./doctor/check-configuration.ts";
import { examine } from "./doctor/examine.ts";
import { exitCodeOf, tell } from "./doctor/tell.ts";

export const name = "doctor";
export const summary = "check every outside thing with the configured credentials, and say what is wrong";
export const usage = `Usage: signalman doctor [--role all|web|worker|executor] [--json] [--config FILE]

Asks Slack, FeatBit, the database, the queue, the model and the metrics with the credentials that are configured, and
reads settings and documents. For each finding it says what is wrong, why it matters and what to do. It changes and
posts nothing; a model is asked one small question. With --role it looks with the credentials of that role alone.

Exit code: 0 nothing wrong, 1 warnings, 2 errors (or wrong usage).`;

const timeoutMs = 8_000;

export const thisMachine: Machine = {
  nodeVersion: process.version,
  now: Date.now,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      role: { type: "string", default: "all" },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const origin = processOrigin(values.config);
  const { config, findings } = inspectConfig({ role: values.role, ...origin });
  const examinations =
    config === null
      ? [{ check: "configuration", findings: ofSettings(findings) }]
      : await examine({ config, configFindings: findings, origin, machine: thisMachine, timeoutMs });
  const text = values.json ? `${JSON.stringify(examinations, null, 2)}\n` : tell(examinations);
  await new Promise((resolve) => process.stdout.write(text, resolve));
  // The flag platform's SDK keeps a timer that would hold the process for up to 18 s.
  process.exit(exitCodeOf(examinations));
}

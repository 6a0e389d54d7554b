import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { z } from "zod";
import { readYaml } from "../documents/read-yaml.ts";
import { ConsoleSettings } from "./console.ts";
import { DatabaseSettings } from "./database.ts";
import { DocumentsSettings } from "./documents.ts";
import { FeatBitSettings } from "./featbit.ts";
import { InhibitionsSettings, IntakeSettings } from "./intake.ts";
import { LogSettings } from "./log.ts";
import { ModelSettings } from "./model.ts";
import { PrometheusSettings } from "./prometheus.ts";
import { RetentionSettings } from "./retention.ts";
import { ServerSettings } from "./server.ts";
import { ServicesSettings } from "./services.ts";
import { SlackSettings } from "./slack.ts";
import { SourcesSettings } from "./sources.ts";
import { TimingSettings } from "./timing.ts";
import { MetricsSettings } from "./watch.ts";

/** `signalman.yml`: one fragment per feature, no secrets. */
export const Settings = z.strictObject({
  server: ServerSettings.describe("Where webhooks come in."),
  console: ConsoleSettings.describe("Pages for reading, shown once CONSOLE_TOKEN is set (console.md)."),
  database: DatabaseSettings.describe("The database that came along; DATABASE_URL takes another."),
  slack: SlackSettings.describe("Slack, beside its tokens."),
  featbit: FeatBitSettings.describe("FeatBit's addresses; each may be a variable instead."),
  prometheus: PrometheusSettings.describe("Metrics."),
  model: ModelSettings.describe("The model that drafts; without a key, rules do."),
  sources: SourcesSettings.describe("Who may send alerts and news of changes (sources.md)."),
  services: ServicesSettings.describe(
    "The catalogue: what may be looked at and changed on behalf of an alert.",
  ),
  intake: IntakeSettings.describe(
    "How alerts become incidents, where no source and no service says otherwise (grouping.md).",
  ),
  inhibitions: InhibitionsSettings.describe("Which alerts stay silent while others fire."),
  timing: TimingSettings.describe("Times."),
  retention: RetentionSettings.describe("How long what is no part of the ledger is kept (keeping.md)."),
  metrics: MetricsSettings.describe("Figures about Signalman itself, for Prometheus (observability.md)."),
  log: LogSettings.describe("The log, one JSON object a line."),
  documents: DocumentsSettings.describe(
    "Your own folders, relative to this file; those that came along otherwise.",
  ),
});
export type Settings = z.infer<typeof Settings>;

export interface SettingsFile {
  settings: Settings;
  /** Absolute path, the name findings use, and the folder that relative paths start from. */
  path: string;
  name: string;
  folder: string;
  exists: boolean;
  placeOf: (path: readonly PropertyKey[]) => string;
  /** False where the value at `path` is a default. */
  has: (path: readonly PropertyKey[]) => boolean;
}

/** Reads `file`, or `signalman.yml` of `cwd`. Null after findings. A file that is absent reads as an empty one. */
export function readSettings(cwd: string, file: string | undefined, findings: string[]): SettingsFile | null {
  const path = resolve(cwd, file ?? "signalman.yml");
  const [name, folder] = [basename(path), dirname(path)];
  let text = "";
  let exists = true;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    exists = code !== "ENOENT";
    if (exists) {
      findings.push(`${name}: ${path} cannot be read (${code}); make it a file that this account may read.`);
      return null;
    }
  }
  const result = readYaml(text, { file: name, schema: Settings });
  if (result.kind === "read") {
    const { value: settings, placeOf, has } = result;
    return { settings, path, name, folder, exists, placeOf, has };
  }
  findings.push(...result.findings);
  return null;
}

/** The variables that the file names: secrets of sources and keys of model routes. */
export function variablesNamedIn({ sources, model }: Settings): string[] {
  const keys = Object.values(model.routes ?? {}).flatMap(({ keyEnv }) => keyEnv ?? []);
  const secrets = sources.flatMap((source) => (source.kind === "cloudwatch" ? [] : [source.secretEnv]));
  return [...new Set([...secrets, ...(model.keyEnv ? [model.keyEnv] : []), ...keys])];
}

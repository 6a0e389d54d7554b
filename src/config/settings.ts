import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { z } from "zod";
import { readYaml } from "../documents/read-yaml.ts";
import { DatabaseSettings } from "./database.ts";
import { DocumentsSettings } from "./documents.ts";
import { FeatBitSettings } from "./featbit.ts";
import { InhibitionsSettings, IntakeSettings } from "./intake.ts";
import { LogSettings } from "./log.ts";
import { ModelSettings } from "./model.ts";
import { PrometheusSettings } from "./prometheus.ts";
import { ServerSettings } from "./server.ts";
import { ServicesSettings } from "./services.ts";
import { SlackSettings } from "./slack.ts";
import { SourcesSettings } from "./sources.ts";
import { TimingSettings } from "./timing.ts";

/** `signalman.yml`: one fragment per feature, no secrets. */
const Settings = z.strictObject({
  server: ServerSettings,
  database: DatabaseSettings,
  slack: SlackSettings,
  featbit: FeatBitSettings,
  prometheus: PrometheusSettings,
  model: ModelSettings,
  sources: SourcesSettings,
  services: ServicesSettings,
  intake: IntakeSettings,
  inhibitions: InhibitionsSettings,
  timing: TimingSettings,
  log: LogSettings,
  documents: DocumentsSettings,
});
type Settings = z.infer<typeof Settings>;

export interface SettingsFile {
  settings: Settings;
  /** Absolute path, the name findings use, and the folder that relative paths start from. */
  path: string;
  name: string;
  folder: string;
  exists: boolean;
  placeOf: (path: readonly PropertyKey[]) => string;
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
    return { settings: result.value, path, name, folder, exists, placeOf: result.placeOf };
  }
  findings.push(...result.findings);
  return null;
}

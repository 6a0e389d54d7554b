import { ConfigError } from "../domain/config-error.ts";
import type { Service } from "../domain/service.ts";
import type { Source } from "../domain/source.ts";
import { type ConsoleConfig, readConsole } from "./console.ts";
import { type Database, readDatabase } from "./database.ts";
import { type DocumentFolders, readDocumentFolders } from "./documents.ts";
import { type FeatBit, readControlsSecret, readFeatBit, readReadToken, readWriteToken } from "./featbit.ts";
import { type Intake, readIntake, reachFindings } from "./intake.ts";
import { type LedgerKeeping, readLedgerKeeping } from "./ledger.ts";
import type { LogSettings } from "./log.ts";
import { unknownVariables } from "./known-variables.ts";
import { type Model, readModel } from "./model.ts";
import { type ProcessRole, readProcessRole } from "./process-role.ts";
import { type Prometheus, readPrometheus } from "./prometheus.ts";
import { type Queue, readQueue } from "./queue.ts";
import { readRetention, type Retention } from "./retention.ts";
import type { Secret } from "./secret.ts";
import type { ServerSettings } from "./server.ts";
import { catalogueFindings } from "./services.ts";
import { readSettings, type SettingsFile, variablesNamedIn } from "./settings.ts";
import { readSlack, readSlackFront, type Slack, type SlackFront } from "./slack.ts";
import { readSourceSecrets } from "./sources.ts";
import { readTiming, type Timing } from "./timing.ts";
import { readMetricsToken, readWatch, type Watch } from "./watch.ts";
import { type Environment, readVariables, type Variables } from "./variables.ts";

/** What intake, Slack's front and the cards need. */
export interface WebConfig {
  sourceSecrets: Map<string, Secret>;
  slack: SlackFront;
  /** Null: no /metrics at the door. */
  metricsToken: Secret | null;
  ledger: LedgerKeeping;
  readToken: Secret;
  controlsSecret: Secret;
  /** Null: no console is shown. */
  console: ConsoleConfig | null;
}

/** What investigating and verifying need. No Slack token and no write token. */
export interface WorkerConfig {
  model: Model | null;
  prometheus: Prometheus | null;
  readToken: Secret;
  controlsSecret: Secret;
}

/** What carrying out an approved plan needs. */
export interface ExecutorConfig {
  slack: Slack;
  writeToken: Secret;
  controlsSecret: Secret;
}

/**
 * All settings of one process. It holds the parts of its own role and no others: credentials of another role
 * are not even read. `all` holds all three parts.
 */
export interface Config {
  role: ProcessRole;
  /** Absolute path of the `signalman.yml` it came from. */
  file: string;
  server: ServerSettings;
  database: Database;
  queue: Queue;
  featbit: FeatBit;
  sources: Source[];
  services: Service[];
  intake: Intake;
  timing: Timing;
  retention: Retention;
  log: LogSettings;
  watch: Watch;
  documents: DocumentFolders;
  web?: WebConfig;
  worker?: WorkerConfig;
  executor?: ExecutorConfig;
}

export interface ConfigOrigin {
  env: Environment;
  /** Where `signalman.yml` and relative secret files are looked for. */
  cwd: string;
  /** Another `signalman.yml`; the variable SIGNALMAN_CONFIG says the same. */
  file?: string;
  /** What `.env` of `cwd` sets: unlike in the environment, everything there is meant for us. */
  dotEnv?: readonly string[];
  /** What the process's own environment sets, which wins over `.env`. */
  fromEnvironment?: readonly string[];
}

/** Reads environment and `signalman.yml`. Throws `ConfigError` with everything that is wrong, each with its remedy. */
export function loadConfig(origin: ConfigOrigin & { role: string }): Config {
  const { config, findings } = inspectConfig(origin);
  if (config === null || findings.length > 0) throw new ConfigError(findings);
  return config;
}

/**
 * The same with everything that is wrong beside it, for who looks at the rest all the same: a value that is needed and
 * wrong is empty. Null where nothing can be judged.
 */
export function inspectConfig({ role: roleText, ...origin }: ConfigOrigin & { role: string }): {
  config: Config | null;
  findings: string[];
} {
  const variables = readVariables(origin.env, origin.cwd);
  const { findings } = variables;
  const role = readProcessRole(roleText, findings);
  const file = readSettings(origin.cwd, origin.file ?? variables.text("SIGNALMAN_CONFIG"), findings);
  // Without these two nothing further can be judged; what they lack would only cause false findings.
  if (role === null || file === null) return { config: null, findings };

  const { settings, placeOf } = file;
  if (!file.exists) findings.push(absent(file));
  findings.push(...unknownVariables(origin.dotEnv ?? [], variablesNamedIn(settings)));
  findings.push(...catalogueFindings(settings.services, settings.sources, placeOf));
  findings.push(...reachFindings(settings.sources, settings.services, placeOf));
  const database = readDatabase(settings.database, variables, file.folder);
  const config: Config = {
    role,
    file: file.path,
    server: settings.server,
    database,
    queue: readQueue(variables),
    featbit: readFeatBit(settings.featbit, variables, file.name),
    sources: settings.sources,
    services: settings.services,
    intake: readIntake(settings.intake, settings.inhibitions),
    timing: readTiming(settings.timing),
    retention: readRetention(settings.retention),
    log: settings.log,
    watch: readWatch(settings.metrics, variables),
    documents: readDocumentFolders(settings.documents, file.folder),
    ...rolePart(role, file, variables, readLedgerKeeping(database, variables, origin.cwd)),
  };
  // A variable that two parts share is complained of once.
  return { config, findings: [...new Set(findings)] };
}

/** Only what reading the ledger needs: the database. Throws `ConfigError`. */
export function loadDatabase(origin: ConfigOrigin): Database {
  const variables = readVariables(origin.env, origin.cwd);
  const { findings } = variables;
  const file = readSettings(origin.cwd, origin.file ?? variables.text("SIGNALMAN_CONFIG"), findings);
  if (file === null) throw new ConfigError(findings);
  const database = readDatabase(file.settings.database, variables, file.folder);
  if (!file.exists && database.kind === "embedded") {
    findings.push(
      `DATABASE_URL is not set and there is no ${file.path}; set it, or run this where signalman.yml is.`,
    );
  }
  if (findings.length > 0) throw new ConfigError(findings);
  return database;
}

/** What `signalman controls` needs: FeatBit's addresses, and the secret that says where the controls live. */
export function loadFeatBit(origin: ConfigOrigin): FeatBit & { controlsSecret: Secret | null } {
  const variables = readVariables(origin.env, origin.cwd);
  const { findings } = variables;
  const file = readSettings(origin.cwd, origin.file ?? variables.text("SIGNALMAN_CONFIG"), findings);
  if (file === null) throw new ConfigError(findings);
  findings.push(...unknownVariables(origin.dotEnv ?? [], variablesNamedIn(file.settings)));
  const featbit = readFeatBit(file.settings.featbit, variables, file.name);
  const controlsSecret = variables.optionalSecret("FEATBIT_CONTROLS_SECRET");
  if (findings.length > 0) throw new ConfigError(findings);
  return { ...featbit, controlsSecret };
}

function rolePart(
  role: ProcessRole,
  { settings, name, placeOf }: SettingsFile,
  variables: Variables,
  ledger: LedgerKeeping,
): Pick<Config, "web" | "worker" | "executor"> {
  const has = (part: ProcessRole): boolean => role === part || role === "all";
  const web = (): WebConfig => ({
    sourceSecrets: readSourceSecrets(settings.sources, variables, placeOf),
    slack: readSlackFront(settings.slack, variables, name),
    metricsToken: readMetricsToken(variables),
    ledger,
    readToken: readReadToken(variables),
    controlsSecret: readControlsSecret(variables),
    console: readConsole(settings.console, variables),
  });
  const worker = (): WorkerConfig => {
    const prometheus = readPrometheus(settings.prometheus, variables);
    const measured = settings.services.findIndex(
      ({ queries, deployQuery }) => queries.length > 0 || deployQuery,
    );
    if (prometheus === null && measured !== -1) {
      variables.findings.push(
        `PROMETHEUS_URL is not set, but ${placeOf(["services", measured])} has queries; set it, or prometheus.url in ${name}, or remove the queries.`,
      );
    }
    return {
      model: readModel(settings.model, variables, name),
      prometheus,
      readToken: readReadToken(variables),
      controlsSecret: readControlsSecret(variables),
    };
  };
  const executor = (): ExecutorConfig => ({
    slack: readSlack(settings.slack, variables),
    writeToken: readWriteToken(variables),
    controlsSecret: readControlsSecret(variables),
  });
  return {
    ...(has("web") ? { web: web() } : {}),
    ...(has("worker") ? { worker: worker() } : {}),
    ...(has("executor") ? { executor: executor() } : {}),
  };
}

function absent({ path, name }: SettingsFile): string {
  return `${name}: there is no ${path}; copy signalman.example.yml to it and adapt it, or name another file in SIGNALMAN_CONFIG.`;
}

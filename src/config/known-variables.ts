import { suggestion } from "../domain/closest-word.ts";
import type { ProcessRole } from "./process-role.ts";

type Role = Exclude<ProcessRole, "all">;

export interface KnownVariable {
  name: string;
  /** A secret is never shown, and may lie in the file that `<name>_FILE` names instead. */
  secret: boolean;
  /** Which roles read it. Empty: none of them; it is for something beside Signalman. */
  roles: readonly Role[];
  about: string;
  /** The key of `signalman.yml` that it wins over. */
  over?: string;
}

const everyRole: readonly Role[] = ["web", "worker", "executor"];

/** Every variable with a name of ours. Those of sources and model routes are named in `signalman.yml`. */
export const knownVariables: readonly KnownVariable[] = [
  secret("SLACK_BOT_TOKEN", ["web", "executor"], '"Bot User OAuth Token" (xoxb-…) of the Slack app.'),
  secret("SLACK_APP_TOKEN", ["web"], "App-level token (xapp-…) with connections:write, for Socket Mode."),
  secret(
    "SLACK_SIGNING_SECRET",
    ["web"],
    "Signing secret of the Slack app, for HTTP instead of Socket Mode.",
  ),
  text("SLACK_API_URL", ["web", "executor"], "Another Web API than Slack's own.", "slack.apiUrl"),
  text("FEATBIT_API_URL", everyRole, "FeatBit's API server.", "featbit.apiUrl"),
  text("FEATBIT_STREAMING_URL", everyRole, "FeatBit's evaluation server.", "featbit.streamingUrl"),
  text("FEATBIT_EVENTS_URL", everyRole, "Where evaluations are reported.", "featbit.eventsUrl"),
  secret("FEATBIT_READ_TOKEN", ["web", "worker"], "FeatBit access token that may read, and nothing else."),
  secret("FEATBIT_WRITE_TOKEN", ["executor"], "FeatBit access token that may change the catalogue's flags."),
  secret(
    "FEATBIT_CONTROLS_SECRET",
    everyRole,
    "Server SDK secret of the FeatBit environment in which Signalman's own controls live.",
  ),
  text("PROMETHEUS_URL", ["worker"], "Base address of the metrics server.", "prometheus.url"),
  secret("PROMETHEUS_TOKEN", ["worker"], "Bearer token for it."),
  text("PROMETHEUS_USER", ["worker"], "Or a user …"),
  secret("PROMETHEUS_PASSWORD", ["worker"], "… and a password."),
  secret("OPENAI_API_KEY", ["worker"], "Key of the model's server. Without it, rules draft."),
  text("OPENAI_BASE_URL", ["worker"], "Any OpenAI-compatible server.", "model.baseUrl"),
  text("OPENAI_MODEL", ["worker"], "The model's name.", "model.name"),
  secret("DATABASE_URL", everyRole, "A PostgreSQL of your own instead of the one that came along."),
  secret("REDIS_URL", everyRole, "Redis as the queue instead of the database."),
  secret("CONSOLE_TOKEN", ["web"], "Opens the console to whoever shows it. Without it there is none."),
  secret("METRICS_TOKEN", ["web"], "Bearer token for /metrics at the door. Without it there is none."),
  text("OTEL_EXPORTER_OTLP_ENDPOINT", everyRole, "OTLP/HTTP collector that spans, metrics and logs go to."),
  secret(
    "OTEL_EXPORTER_OTLP_HEADERS",
    everyRole,
    "Headers for it: key=value, percent-encoded, with commas between.",
  ),
  text("OTEL_SERVICE_NAME", everyRole, "What Signalman is called there."),
  text(
    "OTEL_RESOURCE_ATTRIBUTES",
    everyRole,
    "More that is said of it there: key=value, with commas between.",
  ),
  text("OTEL_TRACES_EXPORTER", everyRole, "none: no spans."),
  text("OTEL_METRICS_EXPORTER", everyRole, "none: no metrics."),
  text("OTEL_LOGS_EXPORTER", everyRole, "none: no logs."),
  text("OTEL_TRACES_SAMPLER", everyRole, "Which traces are kept, as OpenTelemetry names it."),
  text("OTEL_TRACES_SAMPLER_ARG", everyRole, "Their share, from 0 to 1, with traceidratio."),
  text("OTEL_SDK_DISABLED", everyRole, "true: nothing is sent."),
  text("LEDGER_KEY_FILE", ["web"], "A PEM file with the key that signs the ledger's checkpoints."),
  text("SIGNALMAN_CONFIG", everyRole, "Another file than ./signalman.yml."),
  secret("POSTGRES_PASSWORD", [], "Only for docker-compose.yml: the password of its database."),
  secret("FEATBIT_DB_PASSWORD", [], "Only for its profile featbit: the password of FeatBit's database."),
  secret(
    "FEATBIT_JWT_KEY",
    [],
    "Only for its profile featbit: what FeatBit signs its people's sessions with.",
  ),
];

/** Variables of Node, of containers and of telemetry, which other programs give a meaning to. */
const othersBegin = /^(OTEL_|NODE_|COMPOSE_|DOCKER_|TZ$|LANG$|LC_|PATH$|HTTPS?_PROXY$|NO_PROXY$)/;

/** Names that could be meant: those above, the `_FILE` of each secret, and `named` with theirs. */
export function readableNames(named: readonly string[]): string[] {
  const secrets = [...knownVariables.filter((each) => each.secret).map(({ name }) => name), ...named];
  return [...knownVariables.map(({ name }) => name), ...named, ...secrets.map((name) => `${name}_FILE`)];
}

/** What `.env` sets and nothing reads. `named`: the variables that `signalman.yml` names. */
export function unknownVariables(names: readonly string[], named: readonly string[]): string[] {
  const known = readableNames(named);
  return names
    .filter((name) => !known.includes(name) && !othersBegin.test(name))
    .map((name) =>
      name === adminTokenVariable
        ? `.env: ${name} must not be kept; remove it, and set it only for the one call of "signalman controls" that needs it.`
        : `.env: ${name} is read by nothing; correct the name or remove it.${suggestion(name, known)}`,
    );
}

/** An administrator's FeatBit token for one call of `signalman controls`. */
export const adminTokenVariable = "FEATBIT_ADMIN_TOKEN";

function secret(name: string, roles: readonly Role[], about: string): KnownVariable {
  return { name, secret: true, roles, about };
}

function text(name: string, roles: readonly Role[], about: string, over?: string): KnownVariable {
  return { name, secret: false, roles, about, ...(over !== undefined && { over }) };
}

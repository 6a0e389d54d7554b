import { randomBytes } from "node:crypto";
import { type KnownVariable, knownVariables } from "../../config/known-variables.ts";
import { type Answers, partsOf } from "./questions.ts";
import { secretOf } from "./settings-file.ts";

/** What `.env` starts with; a model's or a metrics server's only where there is one. */
const always = [
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "FEATBIT_READ_TOKEN",
  "FEATBIT_WRITE_TOKEN",
  "FEATBIT_CONTROLS_SECRET",
];
const optional = ["DATABASE_URL", "REDIS_URL"];

/**
 * `.env` from answers: secrets that are set in `env` are taken over, those of sources are made, the rest is empty.
 * `made`: the secrets to be told to the senders, by the names of their variables.
 */
export function envFile(
  answers: Answers,
  env: Readonly<Record<string, string | undefined>>,
): { text: string; empty: string[]; made: string[] } {
  const names = [
    ...always,
    ...(answers.prometheus === "" ? [] : ["PROMETHEUS_TOKEN", "PROMETHEUS_USER", "PROMETHEUS_PASSWORD"]),
    ...(answers.model === "" ? [] : ["OPENAI_API_KEY"]),
    ...optional,
  ];
  const variables = names.flatMap((name) => knownVariables.find((each) => each.name === name) ?? []);
  const valueOf = (name: string): string => env[name]?.trim() ?? "";
  const made: string[] = [];
  const secrets = partsOf(answers.sources).map((kind) => {
    const name = secretOf(kind);
    if (valueOf(name) === "") made.push(name);
    const value = valueOf(name) || randomBytes(32).toString("hex");
    return `# Secret of the source ${kind} [web]; its sender must know it too\n${name}=${quoted(value)}\n`;
  });
  const text = [
    '# Signalman\'s secrets, written by "signalman init". The environment wins over this file.',
    "# For every secret NAME there is also NAME_FILE: the path of a file that holds the value.",
    "# In brackets: which roles need it. Keep this file to yourself: it is not for a repository.",
    "",
    ...variables.map(
      (variable) => `${comment(variable)}\n${variable.name}=${quoted(valueOf(variable.name))}\n`,
    ),
    ...secrets,
  ].join("\n");
  const needed = always.filter((name) => name !== "SLACK_SIGNING_SECRET" && name !== "SLACK_APP_TOKEN");
  const hasSocket = valueOf("SLACK_APP_TOKEN") !== "" || valueOf("SLACK_SIGNING_SECRET") !== "";
  const empty = [...needed.filter((name) => valueOf(name) === ""), ...(hasSocket ? [] : ["SLACK_APP_TOKEN"])];
  return { text, empty, made };
}

function comment({ about, roles }: KnownVariable): string {
  return `# ${about} [${roles.join(", ")}]`;
}

/** As Node's reader of such files takes it back. */
function quoted(value: string): string {
  if (!/[\s#'"`\\]/.test(value)) return value;
  const quote = ["'", '"', "`"].find((each) => !value.includes(each)) ?? "'";
  return `${quote}${value}${quote}`;
}

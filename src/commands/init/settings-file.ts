import { stringify } from "yaml";
import { type Answers, environmentsOf, partsOf } from "./questions.ts";

/** `signalman.yml` from answers. `schema`: where the JSON Schema lies, as seen from it. */
export function settingsFile(answers: Answers, schema: string): string {
  const { project, service, owner, queries } = answers;
  const sources = partsOf(answers.sources);
  return `# yaml-language-server: $schema=${schema}
# Signalman's settings, written by "signalman init". No secrets here: those are variables (.env).
# Every key: docs/configuration.md. Unknown keys are errors. "signalman doctor" checks all that stands here.

server:
  host: ${text(answers.host)} # 0.0.0.0 in a container or behind a proxy that does TLS
  port: ${answers.port} # webhooks come to POST /webhooks/<source id>

database:
  dataFolder: ${text(answers["data-folder"])} # only used while DATABASE_URL is not set

slack:
  defaultChannel: ${text(answers["slack-channel"])} # incidents of services without a channel of their own
${line("  opsChannel", answers["ops-channel"], "what Signalman has to say about itself")}${line("  apiUrl", answers["slack-api"])}
featbit:
  apiUrl: ${text(answers["featbit-api"])}
  streamingUrl: ${text(answers["featbit-streaming"])}
${line("  eventsUrl", answers["featbit-events"])}${line("  consoleUrl", answers["featbit-console"], "for links on cards")}
${section("prometheus", line("  url", answers.prometheus))}${section("model", line("  name", answers.model) + line("  baseUrl", answers["model-url"]))}# Who may send alerts (docs/sources.md). A source without its secret does not start.
sources:
${sources.map((kind) => `  - { id: ${idOf(kind)}, kind: ${text(kind)}, secretEnv: ${secretOf(kind)} }\n`).join("")}
# What may be looked at and changed on behalf of an alert.
services:
  - name: ${text(service)}
    owner: ${text(owner)}
    environments: # name in the alert's environment label → FeatBit project and environment
${environmentsOf(answers.environments)
  .map(([label, key]) => `      ${text(label)}: { project: ${text(project)}, environment: ${text(key)} }\n`)
  .join("")}    flags: # only these may be suspected and changed
      keys: ${stringify(partsOf(answers.flags), { collectionStyle: "flow" })}${
        queries.length === 0
          ? "    queries: [] # metrics that tell how it is doing: id, title, promql, unit, badDirection\n"
          : `    queries:\n${queries
              .map(
                ({ id, promql }) =>
                  `      - id: ${text(id)}\n        title: ${text(id.replaceAll("_", " "))}\n        promql: ${JSON.stringify(promql)}\n        unit: ""\n        badDirection: up\n`,
              )
              .join("")}`
      }    sources: # which alerts are its own
${sources.map((kind) => `      - { id: ${idOf(kind)}, match: { service: ${text(service)} } }\n`).join("")}`;
}

export function secretOf(kind: string): string {
  return `${kind.toUpperCase()}_SECRET`;
}

function idOf(kind: string): string {
  return kind.replaceAll("_", "-");
}

function line(key: string, value: string, comment = ""): string {
  if (value === "") return "";
  return `${key}: ${text(value)}${comment === "" ? "" : ` # ${comment}`}\n`;
}

function section(name: string, lines: string): string {
  return lines === "" ? "" : `${name}:\n${lines}\n`;
}

/** One YAML scalar on one line. */
function text(value: string): string {
  return stringify(value, { lineWidth: 0 }).trim();
}

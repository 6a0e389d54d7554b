import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { accessStatements } from "../../adapters/featbit/access-statements.ts";
import { controlFlags } from "../../domain/policy/control-flags.ts";
import { type Answers, environmentsOf } from "./questions.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** Opens Slack's page for new apps with the manifest filled in. */
export function slackAppLink(): string {
  const manifest: unknown = parse(readFileSync(join(root, "manifest.yml"), "utf8"));
  return `https://api.slack.com/apps?new_app=1&manifest_yaml=${encodeURIComponent(stringify(manifest))}`;
}

/** What only people can do, in the order in which it is done. */
export function nextSteps(answers: Answers, empty: readonly string[], made: readonly string[]): string {
  const keys = environmentsOf(answers.environments).map(([, environment]) => ({
    project: answers.project,
    environment,
  }));
  const statement = (right: "read" | "write") => JSON.stringify(accessStatements(right, keys), null, 2);
  const width = Math.max(...controlFlags.map(({ key }) => key.length));
  return `
Next:

1. Slack: open this link, choose your workspace, create and install the app; copy the bot token, and an app-level
   token with connections:write. Invite the app to its channels.

${slackAppLink()}

2. FeatBit: make two access tokens of the kind "Service". The first may only read (FEATBIT_READ_TOKEN):

${statement("read")}

   The second may change the flags of these environments as well, and only the executor holds it (FEATBIT_WRITE_TOKEN):

${statement("write")}

3. FeatBit: make a project of its own for Signalman's controls, and put the server SDK secret of its environment into
   FEATBIT_CONTROLS_SECRET. "signalman controls create --owner <team>" makes there:

${controlFlags.map(({ key, variationType, values, off }) => `   ${key.padEnd(width)}  ${variationType.padEnd(7)}  serves ${values[0]}, switched off ${off.length > 40 ? "all tools that write" : off}`).join("\n")}

4. People: put their Slack groups into governance/roles.yml.
${empty.length === 0 ? "" : `\nStill empty in .env: ${empty.join(", ")}\n`}${made.length === 0 ? "" : `\nMade for you, to be told to the senders: ${made.join(", ")} in .env\n`}
Then: signalman doctor, and signalman start.
`;
}

import { type Check, problem, warning } from "./check.ts";

/** A random secret of the shortest length that is taken has more different characters than this by far. */
const fewestCharacters = 8;
const guessable = /change.?me|password|secret|example|default|test.?test|123456|qwerty|signalman/i;

export const checkSources: Check = {
  name: "sources",
  async run({ config: { sources, services, web } }) {
    const holders = new Map<string, string>();
    const findings = [];
    for (const source of sources) {
      const secret = web?.sourceSecrets.get(source.id)?.reveal() ?? "";
      if (secret === "" || source.kind === "cloudwatch") continue;
      const { id, secretEnv } = source;
      if (new Set(secret).size < fewestCharacters || guessable.test(secret) || secret.includes(id)) {
        findings.push(
          problem(
            `${secretEnv}, the secret of the source "${id}", can be guessed.`,
            "Whoever has it can send alerts, and alerts lead to changes.",
            'Set it, here and at the sender, to the output of "openssl rand -hex 32".',
          ),
        );
      }
      const holder = holders.get(secret);
      if (holder !== undefined) {
        findings.push(
          warning(
            `The sources "${holder}" and "${id}" have the same secret.`,
            "Whoever may send for one can send for the other.",
            `Give ${secretEnv} a value of its own.`,
          ),
        );
      }
      holders.set(secret, id);
    }
    const heard = new Set(services.flatMap((service) => service.sources.map(({ id }) => id)));
    const changes = new Set(["featbit", "github", "change"]);
    for (const { id, kind, service } of sources) {
      if (heard.has(id) || service !== undefined || changes.has(kind)) continue;
      findings.push(
        warning(
          `No service of the catalogue takes alerts of the source "${id}".`,
          "They become incidents of nobody: evidence only, in the default channel.",
          `Name it under sources of a service, or give it a service.label.`,
        ),
      );
    }
    return findings;
  },
};

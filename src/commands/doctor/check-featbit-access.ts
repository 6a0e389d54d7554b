import { createFeatBitReader } from "../../adapters/featbit/featbit-reader.ts";
import { closestWord } from "../../domain/closest-word.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { type Check, type Examined, type Finding, problem, warning } from "./check.ts";
import { catalogueEnvironments, heldTokens, type HeldToken } from "./featbit-access.ts";

/** Whether FeatBit answers, is new enough, and shows each token the environments and flags of the catalogue. */
export const checkFeatBitAccess: Check = {
  name: "featbit access",
  async run(examined) {
    const seen = await Promise.all(heldTokens(examined).map((held) => look(held, examined)));
    const read = examined.config.web ?? examined.config.worker;
    const isSeen = seen.every((findings) => findings.length === 0);
    return [
      ...seen.flat(),
      ...(read === undefined || !isSeen ? [] : await ofFlags(examined, read.readToken.reveal())),
    ];
  },
};

async function look({ setting, probe }: HeldToken, examined: Examined): Promise<Finding[]> {
  let environments;
  try {
    ({ environments } = await probe.see());
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== "unauthorized") throw error;
    return [
      problem(
        `FeatBit refuses the token in ${setting}.`,
        setting === "FEATBIT_READ_TOKEN"
          ? "No flag can be looked at."
          : "No approved change can be carried out.",
        "Set it to an active access token of the kind Service; it starts with api-.",
      ),
    ];
  }
  const hidden = catalogueEnvironments(examined).filter(
    ({ keys }) =>
      !environments.some(
        ({ project, environment }) => project === keys.project && environment === keys.environment,
      ),
  );
  const shown = environments.map(({ project, environment }) => `${project}/${environment}`);
  const old = environments.some(({ knowsComments }) => !knowsComments);
  return [
    ...hidden.map(({ name, services }) =>
      problem(
        `FeatBit shows ${name} not to ${setting}; it shows ${shown.join(", ") || "nothing"}.`,
        `The flags of ${services.join(", ")} lie there.`,
        `Correct the key in signalman.yml, or grant CanAccessProject and CanAccessEnv on it.${meant(name, shown)}`,
      ),
    ),
    ...(old
      ? [
          problem(
            "This FeatBit is older than 5.4.",
            "It does not keep the comments of toggles, by which Signalman finds its own writes again.",
            "Bring FeatBit up to 5.4 or newer.",
          ),
        ]
      : []),
  ];
}

function meant(name: string, shown: readonly string[]): string {
  const word = closestWord(name, shown);
  return word === null ? "" : ` Is ${word} meant?`;
}

async function ofFlags(examined: Examined, token: string): Promise<Finding[]> {
  const { config, timeoutMs } = examined;
  if (token === "" || config.featbit.apiUrl === "") return [];
  const reader = createFeatBitReader({ apiUrl: config.featbit.apiUrl, token, timeoutMs });
  const findings: Finding[] = [];
  for (const { name, keys } of catalogueEnvironments(examined)) {
    const flags = await reader.overview(keys);
    const known = flags.map(({ key }) => key);
    const tags = new Set(flags.flatMap((flag) => flag.tags));
    for (const service of config.services) {
      const isHere = Object.values(service.environments).some(
        ({ project, environment }) => project === keys.project && environment === keys.environment,
      );
      if (!isHere) continue;
      for (const key of service.flags.keys.filter((each) => !known.includes(each))) {
        const word = closestWord(key, known);
        findings.push(
          warning(
            `The flag ${key} of the service "${service.name}" is not in ${name}, or archived.`,
            "It is neither suspected nor changed there.",
            `Correct flags.keys in signalman.yml.${word === null ? "" : ` Is ${word} meant?`}`,
          ),
        );
      }
      for (const tag of service.flags.tags.filter((each) => !tags.has(each))) {
        findings.push(
          warning(
            `No flag in ${name} has the tag ${tag} of the service "${service.name}".`,
            "Nothing is suspected or changed by it.",
            "Correct flags.tags in signalman.yml, or give flags this tag.",
          ),
        );
      }
    }
    const segments = await reader.segments(keys);
    for (const { name: service, internalSegment, environments } of config.services) {
      const isHere = Object.values(environments).some(
        ({ project, environment }) => project === keys.project && environment === keys.environment,
      );
      if (!isHere || internalSegment === undefined || segments.some(({ key }) => key === internalSegment))
        continue;
      findings.push(
        warning(
          `The segment ${internalSegment} of the service "${service}" is not in ${name}.`,
          "A flag cannot be limited to internal users there.",
          "Correct internalSegment in signalman.yml, or make the segment.",
        ),
      );
    }
  }
  return findings;
}

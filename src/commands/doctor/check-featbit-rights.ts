import { environmentIdOf } from "../../adapters/featbit/sdk-secret.ts";
import {
  askableRights,
  type AskableRight,
  type SeenEnvironment,
} from "../../adapters/featbit/probe-featbit.ts";
import { controlFlags } from "../../domain/policy/control-flags.ts";
import { type Check, type Examined, type Finding, note, problem, warning } from "./check.ts";
import { catalogueEnvironments, heldTokens, type HeldToken, secretOfControls } from "./featbit-access.ts";

const needed: readonly AskableRight[] = ["ToggleFlag", "UpdateFlagOffVariation"];

/** What each token may do beyond looking: the reading one nothing, the writing one what it needs and no more. */
export const checkFeatBitRights: Check = {
  name: "featbit rights",
  async run(examined) {
    const found = await Promise.all(heldTokens(examined).map((held) => ofToken(held, examined)));
    return found.flat();
  },
};

async function ofToken(held: HeldToken, examined: Examined): Promise<Finding[]> {
  const { environments } = await held.probe.see().catch(() => ({ environments: [] }));
  const findings: Finding[] = [];
  for (const { name, keys, flags } of catalogueEnvironments(examined)) {
    const seen = environments.find(
      ({ project, environment }) => project === keys.project && environment === keys.environment,
    );
    const [flag] = flags;
    // What cannot be seen is named by the check of the access.
    if (seen === undefined) continue;
    if (flag === undefined) {
      findings.push(
        note(
          `The rights of ${held.setting} in ${name} were not asked for.`,
          "That takes the key of a flag, and the catalogue names flags by tags only.",
          "Compare the token's permissions with what signalman init prints.",
        ),
      );
      continue;
    }
    findings.push(...(await ofEnvironment(held, seen, name, flag)));
  }
  return [...findings, ...(await overControls(held, environments, examined))];
}

async function ofEnvironment(
  { setting, probe }: HeldToken,
  { id }: SeenEnvironment,
  name: string,
  flag: string,
): Promise<Finding[]> {
  const answers = new Map<AskableRight, boolean | null>();
  for (const right of askableRights) answers.set(right, await probe.mayDo(right, id, flag));
  const has = (right: AskableRight): boolean => answers.get(right) === true;
  const isWriter = setting === "FEATBIT_WRITE_TOKEN";
  const surplus = askableRights.filter((right) => has(right) && !(isWriter && needed.includes(right)));
  const missing = isWriter ? needed.filter((right) => answers.get(right) === false) : [];
  return [
    ...(surplus.length === 0
      ? []
      : [
          isWriter
            ? warning(
                `${setting} may do ${surplus.join(", ")} in ${name}, which Signalman never does.`,
                "Whoever steals it could.",
                "Take these rights from the token; signalman init prints the least that it needs.",
              )
            : problem(
                `${setting} may do ${surplus.join(", ")} in ${name}, and is only to read.`,
                "The process that talks to a model holds it: it must not be able to change a flag.",
                "Make a token with CanAccessProject and CanAccessEnv alone; signalman init prints its permissions.",
              ),
        ]),
    ...(missing.length === 0
      ? []
      : [
          problem(
            `${setting} may not do ${missing.join(", ")} in ${name}.`,
            "Changes that people approved would fail.",
            `Grant ${missing.join(", ")} on flags there, and the rights for targeting with them; signalman init prints all.`,
          ),
        ]),
  ];
}

/** Who may change Signalman's own controls may let it do more. */
async function overControls(
  { setting, probe }: HeldToken,
  environments: readonly SeenEnvironment[],
  examined: Examined,
): Promise<Finding[]> {
  const id = environmentIdOf(secretOfControls(examined));
  const [mode] = controlFlags;
  if (id === null || mode === undefined || !environments.some((each) => each.id === id)) return [];
  if ((await probe.mayDo("ToggleFlag", id, mode.key)) !== true) return [];
  return [
    problem(
      `${setting} may change Signalman's own controls.`,
      "They are the brake: what they forbid, the token could allow.",
      "Keep the controls in a project of their own that neither token may write to.",
    ),
  ];
}

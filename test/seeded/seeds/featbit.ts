import { randomUUID } from "node:crypto";
import { encodeGuid } from "../../../src/sandbox/featbit/guid.ts";
import type { Statement } from "../../../src/sandbox/featbit/world.ts";
import { controlsEnvironment } from "../../../src/sandbox/world/flags.ts";
import type { Seed } from "../seed.ts";
import type { Setup } from "../setup.ts";

const see = [
  {
    id: "p",
    resourceType: "project",
    effect: "allow" as const,
    actions: ["CanAccessProject"],
    resources: ["project/*"],
  },
  {
    id: "e",
    resourceType: "env",
    effect: "allow" as const,
    actions: ["CanAccessEnv"],
    resources: ["project/shop:env/*"],
  },
];
const flagRights = (actions: string[], resources = ["project/shop:env/*:flag/*"]) => ({
  id: "f",
  resourceType: "flag",
  effect: "allow" as const,
  actions,
  resources,
});
const written = [
  "ToggleFlag",
  "UpdateFlagDefaultRule",
  "UpdateFlagIndividualTargeting",
  "UpdateFlagTargetingRules",
  "UpdateFlagOffVariation",
];

/** Without permissions a token may do everything. */
function giveToken({ world, env }: Setup, variable: string, permissions?: Statement[]): void {
  const token = `api-seeded-${randomUUID()}`;
  world.featbit.seed({
    tokens: [{ name: "seeded", token, ...(permissions !== undefined && { permissions }) }],
  });
  env[variable] = token;
}

function control(setup: Setup, key: string) {
  const flag = setup.world.featbit.world.flags.find((each) => each.key === key);
  if (flag === undefined) throw new Error(`the sandbox has no ${key}`);
  return flag;
}

export const featbitSeeds: readonly Seed[] = [
  {
    name: "FeatBit's API cannot be reached",
    check: "featbit access",
    severity: "error",
    words: /FeatBit could not be reached at http:\/\/127\.0\.0\.1:9/,
    spoil: ({ settings }) => void (settings.featbit.apiUrl = "http://127.0.0.1:9"),
  },
  {
    name: "the API's address is that of something else",
    check: "featbit access",
    severity: "error",
    words: /Nothing answers at this path|does not answer as FeatBit/,
    spoil: ({ settings, world }) => void (settings.featbit.apiUrl = world.prometheus.url),
  },
  {
    name: "an unknown read token",
    check: "featbit access",
    severity: "error",
    words: /FeatBit refuses the token in FEATBIT_READ_TOKEN/,
    spoil: ({ env }) => void (env["FEATBIT_READ_TOKEN"] = "api-nobody-knows-this-token"),
  },
  {
    name: "an unknown write token",
    check: "featbit access",
    severity: "error",
    words: /FeatBit refuses the token in FEATBIT_WRITE_TOKEN/,
    spoil: ({ env }) => void (env["FEATBIT_WRITE_TOKEN"] = "api-nobody-knows-this-token"),
  },
  {
    name: "no read token",
    check: "configuration",
    severity: "error",
    words: /FEATBIT_READ_TOKEN is not set/,
    spoil: ({ env }) => void delete env["FEATBIT_READ_TOKEN"],
  },
  {
    name: "a read token that may toggle flags",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_READ_TOKEN may do ToggleFlag in shop\/prod, and is only to read/,
    spoil: (setup) => giveToken(setup, "FEATBIT_READ_TOKEN", [...see, flagRights(["ToggleFlag"])]),
  },
  {
    name: "a read token that may make flags",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_READ_TOKEN may do CreateFlag/,
    spoil: (setup) => giveToken(setup, "FEATBIT_READ_TOKEN", [...see, flagRights(["CreateFlag"])]),
  },
  {
    name: "an owner's token to read with",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_READ_TOKEN may do .*CanManageIAM/,
    spoil: (setup) => giveToken(setup, "FEATBIT_READ_TOKEN"),
  },
  {
    name: "an owner's token to write with",
    check: "featbit rights",
    severity: "warning",
    words: /FEATBIT_WRITE_TOKEN may do UpdateFlagVariations, CreateFlag, CanManageIAM/,
    spoil: (setup) => giveToken(setup, "FEATBIT_WRITE_TOKEN"),
  },
  {
    name: "a write token that may not toggle",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_WRITE_TOKEN may not do ToggleFlag in shop\/prod/,
    spoil: (setup) =>
      giveToken(setup, "FEATBIT_WRITE_TOKEN", [
        ...see,
        flagRights(written.filter((each) => each !== "ToggleFlag")),
      ]),
  },
  {
    name: "a write token that may not set the off variation",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_WRITE_TOKEN may not do UpdateFlagOffVariation/,
    spoil: (setup) =>
      giveToken(setup, "FEATBIT_WRITE_TOKEN", [
        ...see,
        flagRights(written.filter((each) => each !== "UpdateFlagOffVariation")),
      ]),
  },
  {
    name: "a write token that may change Signalman's own controls",
    check: "featbit rights",
    severity: "error",
    words: /FEATBIT_WRITE_TOKEN may change Signalman's own controls/,
    spoil: (setup) =>
      giveToken(setup, "FEATBIT_WRITE_TOKEN", [
        ...see,
        {
          id: "all",
          resourceType: "env",
          effect: "allow",
          actions: ["CanAccessEnv"],
          resources: ["project/*:env/*"],
        },
        flagRights(written, ["project/*:env/*:flag/*"]),
      ]),
  },
  {
    name: "a write token that does not see the environment",
    check: "featbit access",
    severity: "error",
    words: /shows shop\/prod not to FEATBIT_WRITE_TOKEN/,
    spoil: (setup) =>
      giveToken(
        setup,
        "FEATBIT_WRITE_TOKEN",
        [see[0], flagRights(written)].filter((each) => each !== undefined),
      ),
  },
  {
    name: "an environment that FeatBit does not have",
    check: "featbit access",
    severity: "error",
    words: /shows shop\/prd not to FEATBIT_READ_TOKEN/,
    spoil: ({ settings }) => void (settings.services[0].environments.production.environment = "prd"),
  },
  {
    name: "a FeatBit older than 5.4",
    check: "featbit access",
    severity: "error",
    words: /older than 5\.4/,
    spoil({ world }) {
      for (const { environments } of world.featbit.world.projects) {
        for (const environment of environments) Reflect.deleteProperty(environment, "settings");
      }
    },
  },
  {
    name: "a flag that is not there",
    check: "featbit access",
    severity: "warning",
    words: /flag checkout_one_clik of the service "checkout" is not in shop\/prod/,
    spoil: ({ settings }) => void (settings.services[1].flags.keys = ["checkout_one_clik"]),
  },
  {
    name: "a tag that no flag has",
    check: "featbit access",
    severity: "warning",
    words: /No flag in shop\/prod has the tag chekout/,
    spoil: ({ settings }) => void (settings.services[1].flags.tags = ["chekout"]),
  },
  {
    name: "a segment that is not there",
    check: "featbit access",
    severity: "warning",
    words: /segment internal-user of the service "support-assistant" is not in shop\/prod/,
    spoil: ({ settings }) => void (settings.services[0].internalSegment = "internal-user"),
  },
  {
    name: "an SDK secret that FeatBit does not know",
    check: "controls",
    severity: "error",
    words: /refuses FEATBIT_CONTROLS_SECRET/,
    spoil: ({ env }) =>
      void (env["FEATBIT_CONTROLS_SECRET"] = encodeGuid(randomUUID()) + encodeGuid(randomUUID())),
  },
  {
    name: "a client's SDK secret for the controls",
    check: "controls",
    severity: "error",
    words: /refuses FEATBIT_CONTROLS_SECRET/,
    spoil({ world, env }) {
      const secrets = world.featbit.world.projects.flatMap(({ environments }) =>
        environments.flatMap((each) => each.secrets),
      );
      env["FEATBIT_CONTROLS_SECRET"] = secrets.find(({ type }) => type === "client")?.value ?? "";
    },
  },
  {
    name: "an access token as SDK secret",
    check: "controls",
    severity: "error",
    words: /not the form of an SDK secret/,
    spoil: ({ env }) => void (env["FEATBIT_CONTROLS_SECRET"] = env["FEATBIT_READ_TOKEN"] ?? ""),
  },
  {
    name: "the evaluation server cannot be reached",
    check: "controls",
    severity: "error",
    words: /evaluation server has sent no flags/,
    spoil: ({ settings }) => void (settings.featbit.streamingUrl = "ws://127.0.0.1:9"),
  },
  {
    name: "controls in another environment than the secret's",
    check: "controls",
    severity: "error",
    words: /The control signalman-mode is not in FeatBit/,
    spoil: ({ env, world }) => void (env["FEATBIT_CONTROLS_SECRET"] = world.connection.sdkKey),
  },
  {
    name: "a control is missing",
    check: "controls",
    severity: "error",
    words: /The control signalman-investigation is not in FeatBit/,
    spoil({ world }) {
      const { world: rows } = world.featbit;
      rows.flags = rows.flags.filter(({ key }) => key !== "signalman-investigation");
    },
  },
  {
    name: "a control of the wrong type",
    check: "controls",
    severity: "error",
    words: /signalman-mode is of type boolean and must be string/,
    spoil: (setup) => void (control(setup, "signalman-mode").variationType = "boolean"),
  },
  {
    name: "an archived control",
    check: "controls",
    severity: "error",
    words: /signalman-mode is archived/,
    spoil: ({ world }) =>
      world.featbit
        .as("ruth@shop.example")
        .archive({ env: controlsEnvironment, key: "signalman-mode" })
        .then(() => undefined),
  },
  {
    name: "a control whose off variation is not safe",
    check: "controls",
    severity: "error",
    words: /signalman-mode serves "approval_required" while it is switched off/,
    spoil(setup) {
      const flag = control(setup, "signalman-mode");
      flag.disabledVariationId = flag.variations.find(({ value }) => value === "approval_required")?.id ?? "";
    },
  },
  {
    name: "a control with a value that is none",
    check: "controls",
    severity: "error",
    words: /signalman-mode can serve "aproval"/,
    spoil: (setup) =>
      void control(setup, "signalman-mode").variations.push({
        id: randomUUID(),
        name: "x",
        value: "aproval",
      }),
  },
  {
    name: "a clock that is 40 s behind FeatBit's",
    check: "clock",
    severity: "error",
    words: /FeatBit's clock is (39|40|41) s ahead of this machine's/,
    spoil: (setup) => void (setup.machine = { ...setup.machine, now: () => Date.now() - 40_000 }),
  },
  {
    name: "a clock that is 8 s ahead",
    check: "clock",
    severity: "warning",
    words: /FeatBit's clock is [789] s behind this machine's/,
    spoil: (setup) => void (setup.machine = { ...setup.machine, now: () => Date.now() + 8_000 }),
  },
  {
    name: "a clock that differs from the database's",
    check: "database",
    severity: "error",
    words: /The database's clock is (59|60|61) s ahead/,
    spoil: (setup) => void (setup.machine = { ...setup.machine, now: () => Date.now() - 60_000 }),
  },
];

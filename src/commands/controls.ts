import { parseArgs } from "node:util";
import {
  type ControlsAdmin,
  createControlsAdmin,
  type FoundPlace,
} from "../adapters/featbit/controls-admin.ts";
import { environmentIdOf } from "../adapters/featbit/sdk-secret.ts";
import { UsageError } from "../command.ts";
import { readAdminToken } from "../config/admin-token.ts";
import { adminTokenVariable } from "../config/known-variables.ts";
import { loadFeatBit } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { suggestion } from "../domain/closest-word.ts";
import type { Flag } from "../domain/flag/flag.ts";
import { plainText } from "../domain/flag/plain-text.ts";
import { controlFlags, controlsTag, faultsOfControl } from "../domain/policy/control-flags.ts";
import { controlNamed, valueFor } from "./controls/control-value.ts";

const words = ["create", "list", "set"];

export const name = "controls";
export const summary = "make, show, raise and lower Signalman's own FeatBit flags";
export const usage = `Usage: signalman controls create --owner NAME [--at PROJECT/ENVIRONMENT]
       signalman controls list [--at …]
       signalman controls set CONTROL VALUE [--environment KEY]… [--reason TEXT] [--at …]

create   makes the flags that are missing, with safe values and the tags signalman, signalman-controls and
         owner-NAME; what is there already is compared and left as it is
list     what each serves, and what is wrong with it
set      mode, approval-required, denied-tools, prompt-profile, model-route or investigation; for everything, or only
         for incidents in FeatBit environments of these keys. Denied tools: a list with commas, or none

  --at            where the controls live; without it, the environment of FEATBIT_CONTROLS_SECRET
  --token-stdin   reads the token from standard input
  --config FILE   another settings file

All of them need an administrator's FeatBit access token for this one call, on standard input or in the variable
${adminTokenVariable}. It is not kept, and .env must not hold it. Beside approved changes this is the only thing that
writes to FeatBit.
Exit code: 0 done, 1 failed or something is wrong with a control, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      owner: { type: "string" },
      at: { type: "string" },
      environment: { type: "string", multiple: true, default: [] },
      reason: { type: "string", default: "" },
      token: { type: "string" },
      "token-stdin": { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const [word, ...rest] = positionals;
  if (word === undefined) throw new UsageError("Say what to do: create, list or set.");
  if (!words.includes(word)) {
    throw new UsageError(`There is no "controls ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
  if (values.token !== undefined) {
    throw new UsageError(
      `A token among the arguments can be read by everybody on this machine and stays in the shell's history: revoke it, and use --token-stdin or ${adminTokenVariable}.`,
    );
  }
  const change = word === "set" ? changeOf(rest) : null;
  if (word !== "set" && rest.length > 0) throw new UsageError(`There is one word too many: "${rest[0]}".`);
  const owner = word === "create" ? ownerOf(values.owner) : "";

  const { apiUrl, controlsSecret } = loadFeatBit(processOrigin(values.config));
  const token = await readAdminToken(values["token-stdin"]);
  const tokenSetting = values["token-stdin"] ? "--token-stdin" : adminTokenVariable;
  const admin = createControlsAdmin({ apiUrl, token: token.reveal(), tokenSetting });
  const place = await admin.find(placeOf(values.at, controlsSecret?.reveal() ?? ""));
  if (word === "create") return create(admin, place, owner);
  if (change === null) return list(admin, place);
  const comment = plainText(`signalman controls: ${values.reason || `set to ${change.value}`}`, 500);
  const done = await admin.set(place, change.control, {
    value: change.value,
    environments: values.environment,
    comment,
  });
  const where = values.environment.length === 0 ? "" : ` for ${values.environment.join(", ")}`;
  say(`${change.control.key} in ${place.name}: ${plainText(done.before, 200)} → ${change.value}${where}`);
  if (done.rulesBefore > 0) {
    say(
      `${done.rulesBefore} targeting rules of this flag still decide before its default; see them in FeatBit.`,
    );
  }
  return 0;
}

async function create(admin: ControlsAdmin, place: FoundPlace, owner: string): Promise<number> {
  let faulty = false;
  for (const control of controlFlags) {
    const there = await admin.read(place, control);
    if (there === null) {
      await admin.create(place, control, owner);
      say(`${control.key}: made in ${place.name}, serves ${control.values[0]}, switched off ${control.off}`);
      continue;
    }
    const faults = faultsOfControl(control, there);
    faulty ||= faults.length > 0;
    say(`${control.key}: is there already, serves ${servedBy(there)}`);
    for (const fault of faults) say(`  differs: ${plainText(fault, 300)}`);
    for (const tag of [controlsTag, `owner-${owner}`]) {
      if (there.tags.includes(tag)) continue;
      say(`  differs: it has no tag ${tag} (tags: ${plainText(there.tags.join(", ") || "none", 200)})`);
    }
  }
  return faulty ? 1 : 0;
}

async function list(admin: ControlsAdmin, place: FoundPlace): Promise<number> {
  let faulty = false;
  say(`Controls in ${place.name}:`);
  for (const control of controlFlags) {
    const flag = await admin.read(place, control);
    const faults =
      flag === null ? ['it is not there; run "signalman controls create"'] : faultsOfControl(control, flag);
    faulty ||= faults.length > 0;
    say(`${control.key.padEnd(28)}  ${flag === null ? "-" : servedBy(flag)}`);
    for (const fault of faults) say(`  ${plainText(fault, 300)}`);
  }
  return faulty ? 1 : 0;
}

function servedBy(flag: Flag): string {
  const valueOf = (id: string) => flag.variations.find((each) => each.id === id)?.value ?? "nothing";
  const served = flag.isEnabled
    ? flag.fallthrough.variations.map(({ id }) => valueOf(id)).join(" and ")
    : `${valueOf(flag.disabledVariationId)} (switched off)`;
  const rules = flag.rules.map(({ name, variations }) => {
    const values = variations.map(({ id }) => valueOf(id)).join(" and ");
    return `${name || "a rule"}: ${values}`;
  });
  return plainText([served, ...(flag.isEnabled ? rules : [])].join("; "), 400);
}

function changeOf(rest: readonly string[]) {
  const [typedName, typedValue, more] = rest;
  if (typedName === undefined || typedValue === undefined)
    throw new UsageError("Say which control, and its value.");
  if (more !== undefined) throw new UsageError(`There is one word too many: "${more}".`);
  const control = controlNamed(typedName);
  return { control, value: valueFor(control, typedValue) };
}

function ownerOf(owner: string | undefined): string {
  if (owner !== undefined && /^[a-z0-9][a-z0-9-]{0,40}$/.test(owner)) return owner;
  throw new UsageError(
    "Say with --owner who answers for the controls: lower-case letters, digits and hyphens, such as platform-team.",
  );
}

function placeOf(at: string | undefined, secret: string) {
  if (at !== undefined) {
    const [project = "", environment = "", more] = at.split("/");
    if (project !== "" && environment !== "" && more === undefined) return { project, environment };
    throw new UsageError(
      `--at takes a project's and an environment's key, such as signalman/prod, not "${at}".`,
    );
  }
  const environmentId = environmentIdOf(secret);
  if (environmentId !== null) return { environmentId };
  throw new UsageError(
    secret === ""
      ? "Where do the controls live? Set FEATBIT_CONTROLS_SECRET, or say it with --at PROJECT/ENVIRONMENT."
      : "FEATBIT_CONTROLS_SECRET is no SDK secret of FeatBit; correct it, or say where with --at PROJECT/ENVIRONMENT.",
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

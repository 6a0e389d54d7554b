import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Flag, Rule, Variation } from "../../domain/flag/flag.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { type ControlFlag, controlsTag, faultsOfControl } from "../../domain/policy/control-flags.ts";
import { readFlag } from "./read-flag.ts";
import { createRestClient, flagPath, type RestOptions } from "./rest-client.ts";
import { WireProject } from "./wire.ts";

/** Where the controls live: an environment by the keys of FeatBit, or by its id. */
export type ControlsPlace = { project: string; environment: string } | { environmentId: string };

export interface FoundPlace {
  environmentId: string;
  /** As people say it: `project/environment`. */
  name: string;
}

export interface SetControl {
  value: string;
  /** Keys of FeatBit environments of incidents; empty: everywhere. */
  environments: readonly string[];
  comment: string;
}

/** What a set has done. `rulesBefore`: rules that decide before the one that was set. */
export interface ControlSet {
  before: string;
  after: string;
  rulesBefore: number;
}

export interface ControlsAdmin {
  find(place: ControlsPlace): Promise<FoundPlace>;
  /** Null: there is none of this key. */
  read(place: FoundPlace, control: ControlFlag): Promise<Flag | null>;
  create(place: FoundPlace, control: ControlFlag, owner: string): Promise<void>;
  set(place: FoundPlace, control: ControlFlag, wanted: SetControl): Promise<ControlSet>;
}

const rights = "CanAccessProject, CanAccessEnv, CreateFlag, ToggleFlag, UpdateFlagVariations and targeting";
const rolledOut: [number, number] = [0, 1];

/**
 * Makes and sets Signalman's own flags with an administrator's token. Beside the executor the only thing that writes to
 * FeatBit, and it writes no other flags. Throws `OpsError`.
 */
export function createControlsAdmin(options: Omit<RestOptions, "log">): ControlsAdmin {
  const client = createRestClient(options);

  /** One after the other, each on the revision that the one before it left: FeatBit gives no transaction. */
  async function put(place: FoundPlace, flag: Flag, suffix: string, body: object): Promise<Flag> {
    const path = flagPath(place.environmentId, flag.key);
    await client.put(`${path}/${suffix}`, { revision: flag.revision, ...body }, z.unknown(), rights);
    const fresh = await readFlag(client, place.environmentId, flag.key);
    if (fresh === null) throw new OpsError("conflict", `${flag.key} was deleted while it was being set.`);
    return fresh;
  }

  return {
    async find(place) {
      const projects = (await client.get("/projects", {}, z.array(WireProject), "CanAccessProject")) ?? [];
      const all = projects.flatMap((project) =>
        project.environments.map(({ id, key }) => ({ environmentId: id, project: project.key, key })),
      );
      const found = all.find((each) =>
        "environmentId" in place
          ? each.environmentId === place.environmentId
          : each.project === place.project && each.key === place.environment,
      );
      if (found !== undefined) {
        return { environmentId: found.environmentId, name: `${found.project}/${found.key}` };
      }
      const wanted =
        "environmentId" in place
          ? "the environment of FEATBIT_CONTROLS_SECRET"
          : `${place.project}/${place.environment}`;
      const there = all.map((each) => `${each.project}/${each.key}`).join(", ") || "none";
      throw new OpsError("not_found", `FeatBit shows ${wanted} not to this token; it shows: ${there}.`);
    },

    read: (place, { key }) => readFlag(client, place.environmentId, key),

    async create({ environmentId }, { key, about, variationType, values, off }, owner) {
      const variations = values.map((value) => variationOf(value));
      const idOf = (value: string) => variations.find((each) => each.value === value)?.id;
      const body = {
        name: key,
        key,
        description: `${about}.`,
        isEnabled: true,
        variationType,
        variations,
        enabledVariationId: variations[0]?.id,
        disabledVariationId: idOf(off),
        tags: ["signalman", controlsTag, `owner-${owner}`],
      };
      const path = `/envs/${encodeURIComponent(environmentId)}/feature-flags`;
      await client.post(path, body, z.unknown(), rights);
    },

    async set(place, control, { value, environments, comment }) {
      let flag = await readFlag(client, place.environmentId, control.key);
      if (flag === null) {
        throw new OpsError(
          "not_found",
          `There is no ${control.key} in ${place.name}; run "signalman controls create" first.`,
        );
      }
      const [fault] = faultsOfControl(control, flag);
      if (fault !== undefined) throw new OpsError("rejected", `Nothing was changed: ${fault}.`);
      if (!flag.isEnabled && environments.length > 0) {
        // Switched on for some, its default and its other rules would hold everywhere else.
        throw new OpsError(
          "rejected",
          `Nothing was changed: ${control.key} is switched off, and what it serves elsewhere would come back with it; set it for everything first.`,
        );
      }
      let variation = flag.variations.find((each) => each.value === value);
      if (variation === undefined) {
        variation = variationOf(value);
        flag = await put(place, flag, "variations", { variations: [...flag.variations, variation], comment });
      }
      const { targeting, before, rulesBefore } = retargeted(flag, variation, environments);
      flag = await put(place, flag, "targeting", { targeting, comment });
      if (!flag.isEnabled) {
        await client.put(
          `${flagPath(place.environmentId, flag.key)}/toggle/true`,
          { comment },
          z.unknown(),
          rights,
        );
      }
      return { before, after: value, rulesBefore };
    },
  };
}

function variationOf(value: string): Variation {
  return { id: randomUUID(), name: value.slice(0, 60), value };
}

/** Everywhere: the default rule. In some environments: a rule of ours, which is found again by its name. */
function retargeted(flag: Flag, variation: Variation, environments: readonly string[]) {
  const served = [{ id: variation.id, rollout: rolledOut, exptRollout: 1 }];
  const { targetUsers, rules, fallthrough, exptIncludeAllTargets } = flag;
  const valueOf = (slices: readonly { id: string }[]): string =>
    slices.map(({ id }) => flag.variations.find((each) => each.id === id)?.value ?? "nothing").join(", ");
  const now = (slices: readonly { id: string }[]): string =>
    flag.isEnabled ? valueOf(slices) : `${valueOf([{ id: flag.disabledVariationId }])} (switched off)`;
  const ours = environments.map((environment) => `signalman controls: ${environment}`);
  if (ours.length === 0) {
    const targeting = {
      targetUsers,
      rules,
      fallthrough: { ...fallthrough, variations: served },
      exptIncludeAllTargets,
    };
    return { targeting, before: now(fallthrough.variations), rulesBefore: rules.length };
  }
  const earlier = rules.filter(({ name }) => ours.includes(name));
  const added = environments.map((environment, index): Rule => {
    const name = ours[index] ?? "";
    const id = earlier.find((each) => each.name === name)?.id ?? randomUUID();
    const condition = { id: randomUUID(), property: "environment", op: "Equal", value: environment };
    return {
      id,
      name,
      dispatchKey: null,
      includedInExpt: false,
      conditions: [condition],
      variations: served,
    };
  });
  const others = rules.filter(({ name }) => !ours.includes(name));
  const targeting = { targetUsers, rules: [...added, ...others], fallthrough, exptIncludeAllTargets };
  const before = earlier[0] === undefined ? now(fallthrough.variations) : now(earlier[0].variations);
  return { targeting, before, rulesBefore: 0 };
}

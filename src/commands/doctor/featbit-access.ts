import { createFeatBitProbe, type FeatBitProbe } from "../../adapters/featbit/probe-featbit.ts";
import type { EnvironmentKeys } from "../../domain/service.ts";
import type { Examined } from "./check.ts";

export interface HeldToken {
  setting: "FEATBIT_READ_TOKEN" | "FEATBIT_WRITE_TOKEN";
  probe: FeatBitProbe;
}

/** The tokens that this process holds. One that is not set is named by the check of the configuration. */
export function heldTokens({ config, machine, timeoutMs }: Examined): HeldToken[] {
  const { web, worker, executor, featbit } = config;
  if (featbit.apiUrl === "") return [];
  const tokens = [
    { setting: "FEATBIT_READ_TOKEN", token: (web ?? worker)?.readToken },
    { setting: "FEATBIT_WRITE_TOKEN", token: executor?.writeToken },
  ] as const;
  return tokens.flatMap(({ setting, token }) => {
    const text = token?.reveal() ?? "";
    if (text === "") return [];
    const options = {
      apiUrl: featbit.apiUrl,
      token: text,
      tokenSetting: setting,
      timeoutMs,
      now: machine.now,
    };
    return [{ setting, probe: createFeatBitProbe(options) }];
  });
}

/** Every FeatBit environment of the catalogue, once, with the flags that services name there. */
export function catalogueEnvironments({ config }: Examined) {
  const found = new Map<string, { keys: EnvironmentKeys; services: string[]; flags: string[] }>();
  for (const { name, environments, flags } of config.services) {
    for (const keys of Object.values(environments)) {
      const key = `${keys.project}/${keys.environment}`;
      const known = found.get(key) ?? { keys, services: [], flags: [] };
      found.set(key, {
        keys,
        services: [...known.services, name],
        flags: [...new Set([...known.flags, ...flags.keys])],
      });
    }
  }
  return [...found].map(([name, rest]) => ({ name, ...rest }));
}

export function secretOfControls({ config: { web, worker, executor } }: Examined): string {
  return (web ?? worker ?? executor)?.controlsSecret.reveal() ?? "";
}

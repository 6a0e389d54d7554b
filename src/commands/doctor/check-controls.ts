import { createFeatBitControls } from "../../adapters/featbit/featbit-controls.ts";
import { readControlFlags } from "../../adapters/featbit/read-control-flags.ts";
import { environmentIdOf } from "../../adapters/featbit/sdk-secret.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { controlFlags, faultsOfControl } from "../../domain/policy/control-flags.ts";
import { type Check, type Finding, problem } from "./check.ts";
import { secretOfControls } from "./featbit-access.ts";

const quiet = { info: () => undefined, warn: () => undefined };

/** The SDK secret, and Signalman's own flags behind it. */
export const checkControls: Check = {
  name: "controls",
  async run(examined) {
    const { featbit } = examined.config;
    const secret = secretOfControls(examined);
    if (secret === "" || featbit.streamingUrl === "") return [];
    if (environmentIdOf(secret) === null || secret.startsWith("api-")) {
      return [refused("FEATBIT_CONTROLS_SECRET has not the form of an SDK secret of FeatBit.")];
    }
    try {
      await using controls = createFeatBitControls({
        sdkKey: secret,
        streamingUrl: featbit.streamingUrl,
        eventsUrl: featbit.eventsUrl,
        startWaitMs: examined.timeoutMs,
        log: quiet,
      });
      await controls.confirmSecret();
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "unauthorized") throw error;
      return [refused("FeatBit refuses FEATBIT_CONTROLS_SECRET.")];
    }
    const flags = await readControlFlags(featbit.eventsUrl, secret, examined.timeoutMs);
    return controlFlags.flatMap((control): Finding[] => {
      const flag = flags.get(control.key);
      const why = `Until then its safe value stands: ${control.name === "deniedTools" ? "every tool denied" : control.off}.`;
      if (flag === undefined) {
        return [
          problem(`The control ${control.key} is not in FeatBit.`, why, 'Run "signalman controls create".'),
        ];
      }
      return faultsOfControl(control, flag).map((fault) => {
        const [what = fault, remedy = ""] = fault.split("; ");
        return problem(`${what}.`, "What it says may not count, or not be safe.", `${capital(remedy)}.`);
      });
    });
  },
};

function refused(what: string): Finding {
  return problem(
    what,
    "Without its controls Signalman only looks (search_only).",
    "Set it to a server SDK secret of the environment in which the controls live; the clock may be wrong too.",
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

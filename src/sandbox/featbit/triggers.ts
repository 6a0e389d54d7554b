import type { Call } from "./call.ts";
import { Failure, ok } from "./envelope.ts";
import { writeFlag } from "./flag-write.ts";
import { ZERO_GUID } from "./guid.ts";
import type { Actor } from "./world.ts";

const SYSTEM: Actor = { kind: "system", id: ZERO_GUID, name: null, email: "System", permissions: [] };

/** POST triggers/run/{token}, anonymous: true even when there is nothing to do or the trigger is switched off. */
export async function runTrigger(call: Call) {
  const token = call.param("token");
  if (!/^[A-Za-z0-9_-]{40}$/.test(token)) throw new Failure(422, "InvalidTriggerToken");
  const trigger = call.world.triggers.find((candidate) => candidate.token === token);
  const flag = call.world.flags.find(({ id }) => id === trigger?.flagId);
  if (!trigger || !flag) throw new Failure(422, "TriggerTokenNotMatchOrHasExpired");
  const isEnabled = trigger.action === "turn-on";
  if (!trigger.isEnabled) return ok(true);
  if (flag.isEnabled !== isEnabled) {
    const options = { actor: SYSTEM, comment: `${isEnabled ? "Turn on" : "Turn off"} by trigger` };
    await writeFlag(
      call,
      structuredClone(flag),
      "Trigger",
      (draft) => Object.assign(draft, { isEnabled }),
      options,
    );
    trigger.triggeredTimes += 1;
  }
  return ok(true);
}

import { createFlagEvaluator } from "../../../sandbox/services/flag-evaluator.ts";
import type { Demo } from "../open-demo.ts";
import { createFlagWatch } from "./flag-watch.ts";
import { playCheckout } from "./play-checkout.ts";
import { playSearch } from "./play-search.ts";
import { playSupport } from "./play-support.ts";
import { createSlackDesk } from "./slack-desk.ts";
import type { Stage } from "./stage-hands.ts";
import { createSteps } from "./steps.ts";
import { verifyAudit } from "./verify-audit.ts";

/** Plays the three scenarios without a browser. True only if every step was as expected. */
export async function playScript(demo: Demo): Promise<boolean> {
  const { world } = demo;
  await using evaluator = await createFlagEvaluator(world.connection);
  const steps = createSteps((text) => void process.stdout.write(text));
  const stage: Stage = {
    demo,
    steps,
    slack: createSlackDesk(world),
    flags: createFlagWatch(world, evaluator),
  };
  await playSupport(stage);
  await playCheckout(stage);
  await playSearch(stage);
  await steps.step("audit verify", "exit code 0, the ledger is intact", () => verifyAudit(demo));
  const allAsExpected = steps.end();
  return allAsExpected;
}

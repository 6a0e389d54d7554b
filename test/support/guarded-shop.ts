import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChangeState } from "../../src/domain/change/change.ts";
import type { World } from "../../src/sandbox/world/create-world.ts";
import type { ScenarioName } from "../../src/sandbox/world/trouble.ts";
import { createPlay, type Play } from "./incident-play.ts";
import { readStore } from "./ledger-check.ts";
import { buildWorld } from "./open-shop.ts";
import { type Running, startSignalman, workFolder } from "./signalman.ts";
import { until } from "./until.ts";

const shipped = join(import.meta.dirname, "..", "..", "governance");

/** The shop with a Signalman whose guardrails a test writes, and may write anew. */
export interface GuardedShop extends AsyncDisposable {
  world: World;
  play: Play;
  folder: string;
  doorUrl(): string;
  log(): string;
  /** As after a restart with another `guardrails.yml`. */
  ruleBy(guardrails: string): Promise<void>;
  /** A new incident; gives what was drafted for it. It is over when `look` has seen what came of it. */
  incident(scenario: ScenarioName, look: (draft: ChangeState) => Promise<void>): Promise<void>;
  /** The oldest first. */
  changes(): Promise<ChangeState[]>;
}

export async function openGuardedShop(guardrails: string): Promise<GuardedShop> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(workFolder());
  const world = undo.use(await buildWorld({ dataFolder: folder.dataFolder }));
  const play = createPlay(world);
  let running: Running | null = null;
  undo.defer(async () => running?.[Symbol.asyncDispose]());
  const now = (): Running => {
    if (running === null) throw new Error("Signalman does not run");
    return running;
  };

  async function ruleBy(rules: string): Promise<void> {
    await running?.[Symbol.asyncDispose]();
    running = null;
    const governance = join(folder.path, "governance");
    cpSync(shipped, governance, { recursive: true });
    writeFileSync(join(governance, "guardrails.yml"), rules);
    const settings = { ...world.settings, documents: { governance } };
    running = await startSignalman({ settings, env: world.env }, folder.path);
  }

  async function changes(): Promise<ChangeState[]> {
    await using opened = await readStore(folder.path);
    const loaded = await opened.store.ledger.changes({ limit: 100 });
    return loaded.map(({ state }) => state).toReversed();
  }

  async function openIncidents(): Promise<number> {
    await using opened = await readStore(folder.path);
    return (await opened.store.ledger.incidents({ open: true, limit: 10 })).length;
  }

  async function incident(
    scenario: ScenarioName,
    look: (draft: ChangeState) => Promise<void>,
  ): Promise<void> {
    const before = (await changes()).length;
    const alert = world.trouble.alert(scenario);
    await play.fire(now().doorUrl, scenario, alert);
    const draft = await until(`a draft for ${scenario}`, async () => (await changes())[before], {
      everyMs: 200,
      timeoutMs: 20_000,
      seen: play.everything,
    });
    await look(draft);
    await play.resolve(now().doorUrl, alert);
    await until("the incident to be over", async () => (await openIncidents()) === 0, { everyMs: 200 });
    // Longer than `reopenWithin` of the world's settings.
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }

  await ruleBy(guardrails);
  const kept = undo.move();
  return {
    world,
    play,
    folder: folder.path,
    doorUrl: () => now().doorUrl,
    log: () => now().log(),
    ruleBy,
    incident,
    changes,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

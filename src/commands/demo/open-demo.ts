import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { createLog } from "../../adapters/otel/create-log.ts";
import { createApp } from "../../app.ts";
import { type Config, loadConfig } from "../../config/load-config.ts";
import type { AlertSender } from "../../sandbox/services/alert-sender.ts";
import { createWorld, type World } from "../../sandbox/world/create-world.ts";
import { scenarioNames } from "../../sandbox/world/trouble.ts";

export interface Demo extends AsyncDisposable {
  world: World;
  config: Config;
  /** Signalman's pages for reading, and the token that opens them; null: it shows none. */
  console: { url: string; token: string } | null;
  /** Posts alerts to the door of the running Signalman. */
  sender: AlertSender;
  /** Holds `signalman.yml`, the log and, unless told otherwise, the database. */
  folder: string;
  logFile: string;
  /** From now on the folder stays when the demo ends, for somebody to look into. */
  keepFolder(): void;
}

/**
 * The shop's stand-ins and Signalman itself, in one process. Signalman gets what any installation gives it: a
 * `signalman.yml` and environment variables. `dataFolder` keeps the database and `logFile`
 * the log; without them everything lies in a temporary folder that goes with the demo. Throws `OpsError` and `ConfigError` when it cannot start.
 */
export async function openDemo(
  options: {
    dataFolder?: string | undefined;
    logFile?: string | undefined;
    consolePort?: number | null;
  } = {},
): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "signalman-demo-"));
  let kept = false;
  stack.defer(() => {
    if (!kept) rmSync(folder, { recursive: true, force: true });
  });
  // The account of the embedded database has to pass through; only names that it knows can be opened.
  chmodSync(folder, 0o711);
  const dataFolder = options.dataFolder === undefined ? join(folder, "data") : resolve(options.dataFolder);
  const playedBefore = existsSync(dataFolder);
  if (options.dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true });

  const world = stack.use(await createWorld({ dataFolder }));
  const { consolePort = null } = options;
  const token = randomBytes(12).toString("base64url");
  const settings = { ...world.settings, ...(consolePort !== null && { console: consoleAt(consolePort) }) };
  writeFileSync(join(folder, "signalman.yml"), stringify(settings));
  const env = { ...world.env, ...(consolePort !== null && { CONSOLE_TOKEN: token }) };
  const config = loadConfig({ role: "all", env, cwd: folder });
  const logFile = options.logFile === undefined ? join(folder, "signalman.log") : resolve(options.logFile);
  const log = createLog({ level: "debug", file: logFile, base: { role: config.role } });
  const app = stack.use(await createApp({ config, log }));
  if (app.doorUrl === null) throw new Error("Signalman runs in all roles and has no door");
  const sender = world.alertSender(app.doorUrl);
  if (playedBefore) await endEarlierIncidents(world, sender);

  const owned = stack.move();
  return {
    world,
    config,
    console: app.consoleUrl === null ? null : { url: app.consoleUrl, token },
    sender,
    folder,
    logFile,
    keepFolder: () => void (kept = true),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Cards link to it, unless any port had to do. */
function consoleAt(port: number) {
  return port === 0 ? { port } : { port, publicUrl: `http://127.0.0.1:${port}` };
}

/** What an earlier demo left open in the kept database would swallow the new alerts: its alerts are over. */
async function endEarlierIncidents(world: World, sender: AlertSender): Promise<void> {
  for (const name of scenarioNames) await sender.resolve(world.trouble.alert(name));
  await delay(1_500);
}

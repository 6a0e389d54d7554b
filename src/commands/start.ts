import { once } from "node:events";
import { parseArgs } from "node:util";
import { createLog } from "../adapters/otel/create-log.ts";
import { createApp } from "../app.ts";
import { loadConfig } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { holdHeapTight, releaseMemoryAtRest } from "./start/hold-memory.ts";

export const name = "start";
export const summary = "run Signalman, or one of its roles";
export const usage = `signalman start [--role all|web|worker|executor] [--config FILE]

Runs until it is told to stop (SIGINT or SIGTERM), then finishes or hands back what is in hand.
Settings come from the environment and from signalman.yml in the working folder.

  --role    what this process does, and so which credentials it holds; all is the default and does
            not isolate them from one another
  --config  another settings file`;

const stopWithinMs = 10_000;

/** Exit code 0 after an orderly stop. Throws `ConfigError` and `OpsError` when it cannot start. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { role: { type: "string", default: "all" }, config: { type: "string" } },
  });
  // The door by itself keeps nothing: collecting more often would cost it a quarter of a delivery and save little.
  if (values.role !== "web") holdHeapTight();
  const config = loadConfig({ role: values.role, ...processOrigin(values.config) });
  const log = createLog({ level: config.log.level, base: { role: config.role } });
  process.on("unhandledRejection", (error) => {
    log.error({ errorClass: "bug", intent: "run", err: error }, "A promise was rejected and nobody looked");
  });
  const app = await createApp({ config, log });
  log.info(
    { intent: "start", door: app.doorUrl, ...(app.consoleUrl !== null && { console: app.consoleUrl }) },
    `Signalman runs as ${config.role}`,
  );
  using _ = releaseMemoryAtRest();

  const signal = await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  log.info({ intent: "stop", signal: String(signal[0]) }, "Stopping");
  // What does not end in time is left to its lease: another process, or the next start, takes it up.
  const late = setTimeout(() => {
    log.warn({ intent: "stop" }, `Not stopped within ${stopWithinMs} ms; ending all the same`);
    process.exit(0);
  }, stopWithinMs);
  await app[Symbol.asyncDispose]();
  clearTimeout(late);
  log.info({ intent: "stop" }, "Stopped");
  // The flag platform's SDK keeps a timer that would hold the process for up to 18 s.
  process.exit(0);
}

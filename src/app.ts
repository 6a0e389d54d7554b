import { randomUUID } from "node:crypto";
import { createFeatBitControls, type FeatBitControls } from "./adapters/featbit/featbit-controls.ts";
import type { Console } from "./adapters/console/console.ts";
import type { Door } from "./adapters/http/door.ts";
import type { MetricsPage } from "./adapters/http/metrics-page.ts";
import { createPool } from "./adapters/postgres/create-pool.ts";
import { databaseOn } from "./adapters/postgres/database.ts";
import { readFigures } from "./adapters/postgres/figures.ts";
import { migrate } from "./adapters/postgres/migrate.ts";
import { createStore } from "./adapters/postgres/store.ts";
import { confirmAccess } from "./app/confirm-access.ts";
import { executorDeps } from "./app/executor-role.ts";
import { keepCheckpoints } from "./app/keep-checkpoints.ts";
import { handBackLater } from "./app/hand-back-later.ts";
import { openDatabase, withRemedy } from "./app/open-database.ts";
import { openDoorbell } from "./app/open-doorbell.ts";
import { openGuard } from "./app/open-guard.ts";
import { type Reached, reachOutside } from "./app/reach-outside.ts";
import { openFigures, openTelemetry } from "./app/open-watch.ts";
import { leaseMs, type Shared } from "./app/shared.ts";
import { openConsole, openDoor, type WebDeps, webDeps } from "./app/web-role.ts";
import { type WorkerDeps, workerDeps } from "./app/worker-role.ts";
import type { Config, WebConfig } from "./config/load-config.ts";
import { loadDocuments } from "./documents/load-documents.ts";
import type { ExecuteDeps } from "./pipeline/execute.ts";
import type { Log } from "./pipeline/ports/log.ts";
import { loweredControls } from "./pipeline/lowered-controls.ts";
import { createQualityWatch } from "./pipeline/guard/quality-watch.ts";
import { createRelay } from "./pipeline/relay.ts";
import { drainStage } from "./pipeline/run-stage.ts";
import { createForgetter } from "./pipeline/forgetter.ts";
import { createSequencer } from "./pipeline/sequencer.ts";
import { stageRunners, stages } from "./pipeline/stages.ts";
import { watchCommits } from "./pipeline/watch-commits.ts";
import { createSweeper } from "./pipeline/sweeper.ts";

export interface App extends AsyncDisposable {
  /** Where webhooks come in; null in a process without the `web` role. */
  doorUrl: string | null;
  /** Where people read what happened; null where no console is shown. */
  consoleUrl: string | null;
}

/**
 * Builds everything, top to bottom; disposing the app undoes it in reverse. Throws `ConfigError` for documents that
 * are wrong and `OpsError` for an outside system that refuses us at the start.
 */
export async function createApp({ config, log }: { config: Config; log: Log }): Promise<App> {
  await using stack = new AsyncDisposableStack();
  const telemetry = stack.use(await openTelemetry(config));
  const ending = handBackLater();
  stack.use(ending.end);
  const documents = loadDocuments(config.documents, config.services);
  const flagControls = stack.use(openControls(config, log));
  const featbit = stack.use(
    await reachOutside("FeatBit", () => confirmAccess(config, flagControls, log), log),
  );

  const connection = await openDatabase(config.database, log, stack);
  const pool = createPool(connection, (line) =>
    log.warn({ intent: "use the database", errorClass: "unreachable" }, line),
  );
  stack.defer(() => pool.end());
  await migrate(pool).catch((error: unknown) => {
    throw config.database.kind === "server" ? withRemedy(error) : error;
  });
  const doorbell = stack.use(await openDoorbell(config.queue, connection, log));
  const relay = createRelay(doorbell, log);
  const store = watchCommits(
    createStore(pool, { onCommitted: relay.ringWork, onAccepted: relay.ringSources }),
  );
  const controls = loweredControls(flagControls, store);
  const parts = { config, documents, store, controls, doorbell, ending: ending.signal, log, stack };
  const shared: Shared = { ...parts, guard: openGuard(parts) };

  const executor = config.executor === undefined ? undefined : executorDeps(config.executor, shared);
  const worker = config.worker === undefined ? undefined : workerDeps(config.worker, shared);
  await answerDoorbells({ worker, executor }, shared);

  const holder = randomUUID();
  stack.use(createSequencer({ store, holder, log }));
  stack.use(createForgetter({ store, keep: config.retention, log }));
  if (config.worker !== undefined) {
    const rules = documents.governance.guardrails.quality;
    stack.use(createQualityWatch({ store, rules, everyMs: config.timing.sweepEveryMs, log }));
  }
  stack.use(createSweeper({ store, doorbell, everyMs: config.timing.sweepEveryMs, log }));
  const needed: Pick<Reached, "missing">[] = [featbit, doorbell];
  const missing = () => needed.flatMap((each) => each.missing());
  await openFigures(telemetry, () => readFigures(databaseOn(pool)), missing, shared);
  const web =
    config.web === undefined ? null : await openWeb(config.web, shared, needed, telemetry.metricsPage);

  stack.use(ending.begin);
  const owned = stack.move();
  return {
    doorUrl: web?.door.url ?? null,
    consoleUrl: web?.console?.url ?? null,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openControls({ featbit, web, worker, executor }: Config, log: Log): FeatBitControls {
  const secret = (web ?? worker ?? executor)?.controlsSecret.reveal() ?? null;
  return createFeatBitControls({
    sdkKey: secret,
    streamingUrl: featbit.streamingUrl,
    eventsUrl: featbit.eventsUrl,
    log,
  });
}

/** The door and the console first: what comes in while Slack is away is kept and worked on. */
async function openWeb(
  part: WebConfig,
  shared: Shared,
  needed: Pick<Reached, "missing">[],
  metricsPage: MetricsPage | null,
): Promise<{ door: Door; console: Console | null }> {
  const { stack, log } = shared;
  const ledger = await keepCheckpoints(part, shared);
  let front: Pick<Reached, "missing"> = { missing: () => ["Slack has not been joined"] };
  needed.push({ missing: () => front.missing() });
  const missing = () => needed.flatMap((each) => each.missing());
  const door = stack.use(await openDoor(part, shared, missing, metricsPage));
  const console = stack.use(await openConsole(part, shared));
  front = stack.use(
    await reachOutside(
      "Slack",
      async (own) => {
        const late = { ...shared, stack: own };
        const web = await webDeps(part, late, () => ledger.fault());
        await answerDoorbells({ web }, late);
        own.defer(web.leave);
      },
      log,
    ),
  );
  return { door, console };
}

interface Parts {
  web?: WebDeps | undefined;
  worker?: WorkerDeps | undefined;
  executor?: ExecuteDeps | undefined;
}

/** From here on work that is rung, and work that was left from before, is done. */
async function answerDoorbells({ web, worker, executor }: Parts, shared: Shared): Promise<void> {
  const { store, doorbell, ending, log, stack } = shared;
  const runners = stageRunners({
    ...(web && { web }),
    ...(worker && { worker }),
    ...(executor && { executor }),
  });
  for (const { stage, concurrency, maxAttempts } of stages) {
    if (stage === "intake") {
      if (worker) stack.use(await doorbell.answer(stage, concurrency, worker.drainIntake));
      continue;
    }
    const run = runners.get(stage);
    if (run === undefined) continue;
    const options = { store, doorbell, log, leaseMs, maxAttempts, ending };
    stack.use(
      await doorbell.answer(stage, concurrency, (subject) => drainStage(stage, subject, run, options)),
    );
  }
}

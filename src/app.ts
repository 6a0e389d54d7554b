import { randomBytes, randomUUID } from "node:crypto";
import type { PoolConfig } from "pg";
import { createFeatBitControls, type FeatBitControls } from "./adapters/featbit/featbit-controls.ts";
import { createFeatBitReader } from "./adapters/featbit/featbit-reader.ts";
import { createFeatBitWriter } from "./adapters/featbit/featbit-writer.ts";
import { createDoor } from "./adapters/http/door.ts";
import { parseDelivery } from "./adapters/http/parse-delivery.ts";
import { createOpenAiDrafter } from "./adapters/openai/openai-drafter.ts";
import { createPool } from "./adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "./adapters/postgres/embedded/embedded-postgres.ts";
import { migrate } from "./adapters/postgres/migrate.ts";
import { createStore } from "./adapters/postgres/store.ts";
import { createPrometheus, type PrometheusOptions } from "./adapters/prometheus/prometheus.ts";
import { createDoorbell } from "./adapters/queue/doorbell.ts";
import { createIdentity } from "./adapters/slack/identity.ts";
import { createSlack } from "./adapters/slack/slack.ts";
import { confirmAccess } from "./confirm-access.ts";
import type { Database } from "./config/database.ts";
import type { Config, ExecutorConfig, WebConfig, WorkerConfig } from "./config/load-config.ts";
import type { Prometheus } from "./config/prometheus.ts";
import { type Documents, loadDocuments } from "./documents/load-documents.ts";
import { ChangeId, CorrelationId, DeliveryId, idTail, IncidentId } from "./domain/ids.ts";
import { OpsError } from "./domain/ops-error.ts";
import { assess } from "./pipeline/drafting/assess.ts";
import { desk } from "./pipeline/people/desk.ts";
import type { ExecuteDeps } from "./pipeline/execute.ts";
import { gatherEvidence } from "./pipeline/evidence/gather-evidence.ts";
import type { InvestigateDeps } from "./pipeline/investigate.ts";
import type { NotifyDeps } from "./pipeline/notify.ts";
import { personActions } from "./pipeline/people/person-actions.ts";
import type { Controls } from "./pipeline/ports/controls.ts";
import type { Log } from "./pipeline/ports/log.ts";
import type { Doorbell } from "./pipeline/ports/queue.ts";
import type { Store } from "./pipeline/ports/storage.ts";
import { createRelay } from "./pipeline/relay.ts";
import { drainStage } from "./pipeline/run-stage.ts";
import { createSequencer } from "./pipeline/sequencer.ts";
import { stageRunners, stages } from "./pipeline/stages.ts";
import { createSweeper } from "./pipeline/sweeper.ts";
import { drainSource } from "./pipeline/take-in.ts";
import type { VerifyDeps } from "./pipeline/verify.ts";

export interface App extends AsyncDisposable {
  /** Where webhooks come in; null in a process without the `web` role. */
  doorUrl: string | null;
}

const leaseMs = 15_000;
/**
 * How long FeatBit's answer to a write is waited for, and after that how long the write may still be under way there.
 * Less than a lease: who takes over from a process that died in the middle finds its write settled.
 */
const writeTimeoutMs = 10_000;

/**
 * Builds everything, top to bottom; disposing the app undoes it in reverse. Throws `ConfigError` for documents that
 * are wrong and `OpsError` for an outside system that refuses us at the start.
 */
export async function createApp({ config, log }: { config: Config; log: Log }): Promise<App> {
  await using stack = new AsyncDisposableStack();
  const documents = loadDocuments(config.documents, config.services);
  await confirmAccess(config, log);
  const controls = stack.use(openControls(config, log));
  await controls.confirmSecret();

  const connection = await openDatabase(config.database, log, stack);
  const pool = createPool(connection, (line) => log.warn({ intent: "use the database" }, line));
  stack.defer(() => pool.end());
  await migrate(pool).catch((error: unknown) => {
    throw config.database.kind === "server" ? withRemedy(error) : error;
  });
  const doorbell = stack.use(
    await createDoorbell(
      config.queue.kind === "redis"
        ? { kind: "redis", url: config.queue.url.reveal() }
        : { kind: "postgres", connection },
      log,
    ),
  );
  const relay = createRelay(doorbell, log);
  const store = createStore(pool, { onCommitted: relay.ringWork, onAccepted: relay.ringSources });
  const shared: Shared = { config, documents, store, doorbell, log, stack };

  const executor =
    config.executor === undefined ? undefined : executorDeps(config.executor, controls, shared);
  const worker = config.worker === undefined ? undefined : workerDeps(config.worker, controls, shared);
  const web = config.web === undefined ? undefined : await webDeps(config.web, controls, shared);
  await answerDoorbells({ web, worker, executor }, shared);

  const holder = randomUUID();
  stack.use(createSequencer({ store, holder, log }));
  stack.use(createSweeper({ store, doorbell, everyMs: config.timing.sweepEveryMs, log }));
  const door = config.web === undefined ? null : stack.use(await openDoor(config.web, shared));

  const owned = stack.move();
  return { doorUrl: door?.url ?? null, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Shared {
  config: Config;
  documents: Documents;
  store: Store;
  doorbell: Doorbell;
  log: Log;
  stack: AsyncDisposableStack;
}

async function openDatabase(database: Database, log: Log, stack: AsyncDisposableStack): Promise<PoolConfig> {
  if (database.kind === "server") return { connectionString: database.url.reveal() };
  const embedded = stack.use(
    await createEmbeddedPostgres({
      dataFolder: database.dataFolder,
      log: (line) => log.info({ intent: "run the database" }, line),
    }),
  );
  return embedded.connection;
}

/** The address itself is not repeated: it usually holds a password. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof OpsError) || (error.code !== "unreachable" && error.code !== "timeout"))
    return error;
  return new OpsError(
    error.code,
    `${error.message}. Check DATABASE_URL and that its server runs, or unset it to use the PostgreSQL that came along.`,
    { cause: error },
  );
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

function executorDeps(part: ExecutorConfig, controls: Controls, shared: Shared): ExecuteDeps {
  const { config, documents, store, log } = shared;
  const platform = { apiUrl: config.featbit.apiUrl, token: part.writeToken.reveal(), log };
  return {
    store,
    controls,
    rulebook: documents.governance,
    identity: createIdentity({
      botToken: part.slack.botToken.reveal(),
      apiUrl: part.slack.apiUrl,
      roles: documents.governance.roles,
      log,
    }),
    flags: createFeatBitReader({ ...platform, tokenSetting: "FEATBIT_WRITE_TOKEN" }),
    writer: createFeatBitWriter({ ...platform, timeoutMs: writeTimeoutMs }),
    newOperationId: () => `OP-${idTail(randomBytes(10))}`,
    leaseMs,
    verifyAfterMs: config.timing.verifyAfterMs,
    settleMs: writeTimeoutMs,
  };
}

function workerDeps(
  part: WorkerConfig,
  controls: Controls,
  shared: Shared,
): InvestigateDeps & VerifyDeps & { drainIntake: (sourceId: string) => Promise<void> } {
  const { config, documents, store, log } = shared;
  const { services, timing } = config;
  const flags = createFeatBitReader({ apiUrl: config.featbit.apiUrl, token: part.readToken.reveal(), log });
  const telemetry = part.prometheus === null ? null : createPrometheus(prometheusOptions(part.prometheus));
  const model =
    part.model === null
      ? null
      : createOpenAiDrafter({
          ...part.model,
          model: part.model.name,
          apiKey: part.model.apiKey.reveal(),
          prompts: documents.prompts,
        });
  return {
    store,
    controls,
    flags,
    services,
    rulebook: documents.governance,
    telemetry,
    gather: (incident, service, now) =>
      gatherEvidence({
        incident,
        service,
        now,
        ports: { flags, telemetry, runbooks: documents.runbooks },
        lookBackMs: timing.lookBackMs,
        budgetMs: timing.evidenceBudgetMs,
      }),
    assess: (incident, service, evidence, reading) =>
      assess(incident, service, evidence, reading, {
        flags,
        model,
        verifyAfterMs: timing.verifyAfterMs,
        log,
      }),
    newBodyId: randomUUID,
    newChangeId,
    log,
    lookBackMs: timing.lookBackMs,
    verifyAfterMs: timing.verifyAfterMs,
    windowMs: Math.min(timing.verifyAfterMs / 2, 300_000),
    drainIntake: (sourceId) =>
      drainSource(sourceId, {
        store,
        parse: (delivery) => parseDelivery(delivery, config.sources),
        services,
        newIncidentId: () => IncidentId.parse(`INC-${idTail(randomBytes(10))}`),
        log,
        leaseMs,
        reopenWithinMs: timing.reopenWithinMs,
      }),
  };
}

async function webDeps(part: WebConfig, controls: Controls, shared: Shared): Promise<NotifyDeps> {
  const { config, documents, store, log, stack } = shared;
  const { services } = config;
  const { roles } = documents.governance;
  const flags = createFeatBitReader({
    apiUrl: config.featbit.apiUrl,
    token: part.readToken.reveal(),
    consoleUrl: config.featbit.consoleUrl,
    log,
  });
  const access = { botToken: part.slack.botToken.reveal(), apiUrl: part.slack.apiUrl };
  const identity = createIdentity({ ...access, roles, log });
  const { transport } = part.slack;
  const slack = stack.use(
    await createSlack({
      connection:
        transport.kind === "socket"
          ? { botToken: access.botToken, appToken: transport.appToken.reveal() }
          : { ...transport, botToken: access.botToken, signingSecret: transport.signingSecret.reveal() },
      apiUrl: access.apiUrl,
      defaultChannel: part.slack.defaultChannel,
      opsChannel: part.slack.opsChannel ?? undefined,
      roles,
      identity,
      postings: store.postings,
      actions: personActions({
        store,
        identity,
        controls,
        flags,
        rulebook: documents.governance,
        newChangeId,
      }),
      desk: desk({
        store,
        flags,
        controls,
        services,
        queueBackend: config.queue.kind === "redis" ? "redis" : "postgres",
        drafter: config.worker === undefined ? null : (config.worker.model?.name ?? "rules"),
      }),
      flagUrl: (ref) => flags.webUrl(ref),
      log,
    }),
  );
  return { store, services, controls, announcer: slack.announcer };
}

interface Parts {
  web: NotifyDeps | undefined;
  worker: ReturnType<typeof workerDeps> | undefined;
  executor: ExecuteDeps | undefined;
}

/** From here on work that is rung, and work that was left from before, is done. */
async function answerDoorbells({ web, worker, executor }: Parts, shared: Shared): Promise<void> {
  const { store, doorbell, log, stack } = shared;
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
    const options = { store, doorbell, log, leaseMs, maxAttempts };
    stack.use(
      await doorbell.answer(stage, concurrency, (subject) => drainStage(stage, subject, run, options)),
    );
  }
}

function openDoor(part: WebConfig, { config, store, log }: Shared): ReturnType<typeof createDoor> {
  return createDoor({
    host: config.server.host,
    port: config.server.port,
    sources: config.sources.map((source) => ({
      ...source,
      secret: part.sourceSecrets.get(source.id)?.reveal() ?? "",
    })),
    inbox: store.inbox,
    newDeliveryId: () => DeliveryId.parse(randomUUID()),
    newCorrelationId: () => CorrelationId.parse(randomUUID()),
    // The store's own hook has rung already, once for all that shared a commit.
    onAccepted: () => undefined,
    readiness: async () => {
      await store.now();
      return [];
    },
    log,
  });
}

function prometheusOptions({ url, timeoutMs, auth }: Prometheus): PrometheusOptions {
  switch (auth.kind) {
    case "none":
      return { url, timeoutMs };
    case "bearer":
      return { url, timeoutMs, auth: { kind: "bearer", token: auth.token.reveal() } };
    case "basic":
      return { url, timeoutMs, auth: { kind: "basic", user: auth.user, password: auth.password.reveal() } };
  }
}

function newChangeId(): ChangeId {
  return ChangeId.parse(`CHG-${idTail(randomBytes(10))}`);
}

import { answerApi } from "./api.ts";
import { answerEvaluation } from "./evaluation-api.ts";
import type { Insight } from "./evaluation-api.ts";
import { createFaults } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { newGuid, newRowId } from "./guid.ts";
import { createHttpServer } from "./http-server.ts";
import type { LoggedRequest } from "./http-server.ts";
import { createPerson } from "./people.ts";
import type { Person } from "./people.ts";
import type { Mutation, Sandbox } from "./sandbox.ts";
import { plant } from "./seed.ts";
import type { Seed, Seeded } from "./seed.ts";
import { createStreaming } from "./streaming.ts";
import { createWebhooks } from "./webhooks.ts";
import type { Delivery } from "./webhooks.ts";
import type { World } from "./world.ts";

export type FeatBitSandboxOptions = {
  /** 0 (the default) takes a free port. */
  apiPort?: number;
  evaluationPort?: number;
  /** Milliseconds between the read and the write of one change; 8, as measured on a quiet real server. */
  writeWindowMs?: number;
  /** Milliseconds between two attempts of a webhook delivery; 2000, as the real server. */
  webhookRetryMs?: number;
  /** Unix ms; a test may hold the clock. */
  now?: () => number;
  workspaceId?: string;
  organization?: { id: string; name: string; key: string };
  seed?: Seed;
};

export type FeatBitSandbox = AsyncDisposable & {
  /** Base of the REST API, without `/api/v1`. */
  readonly apiUrl: string;
  /** Base of the evaluation server: streamingUri (http is rewritten by the SDK), pollingUri and eventsUri. */
  readonly evaluationUrl: string;
  readonly streamingUrl: string;
  seed(seed: Seed): Seeded;
  /** @param name e-mail of a seeded user, or name of a token. @param at when; now unless told. */
  as(name: string, options?: { at?: Date }): Person;
  /** Spoils matching requests; the returned function takes it away again. */
  inject(fault: Fault): () => void;
  clearFaults(): void;
  /** Effective changes in order, kept apart from the audit log. */
  readonly mutations: readonly Mutation[];
  readonly requests: readonly LoggedRequest[];
  /** How many requests were answered with 4xx or 5xx by the server itself, not by a fault. */
  readonly refusedRequests: number;
  readonly insights: readonly Insight[];
  readonly deliveries: readonly Delivery[];
  readonly connectionCount: number;
  /** Cuts every SDK connection without a close frame. */
  dropConnections(): void;
  writeWindowMs: number;
  /** The rows themselves, to look at and, in a test, to damage. */
  readonly world: World;
};

/** The system's clock with made-up microseconds, so that no two readings are equal. */
function createClock(): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 0.0015, Date.now());
    return last;
  };
}

/**
 * A stand-in for FeatBit 5.4.2: REST API and evaluation server on loopback, in memory, with the real one's statuses,
 * texts, gaps and lost-update window. Unlicensed; people's own screens are not built.
 */
export async function createFeatBitSandbox(options: FeatBitSandboxOptions = {}): Promise<FeatBitSandbox> {
  await using stack = new AsyncDisposableStack();
  const now = options.now ?? createClock();
  const organization = options.organization ?? { id: newRowId(now()), name: "playground", key: "playground" };
  const world: World = {
    workspaceId: options.workspaceId ?? newGuid(),
    organization,
    projects: [],
    users: [],
    tokens: [],
    flags: [],
    segments: [],
    audits: [],
    triggers: [],
    webhooks: [],
  };
  const sandbox: Sandbox = {
    world,
    mutations: [],
    writeWindowMs: options.writeWindowMs ?? 8,
    now,
    listeners: { flag: [], segment: [], flagChange: [], segmentChange: [] },
  };
  const faults = createFaults();
  const requests: LoggedRequest[] = [];
  const insights: Insight[] = [];
  const shared = { now, faults, log: requests };

  const webhooks = stack.use(createWebhooks(sandbox, options.webhookRetryMs));
  const api = stack.use(
    await createHttpServer({
      ...shared,
      name: "api",
      port: options.apiPort ?? 0,
      answer: (request) => answerApi(sandbox, request),
    }),
  );
  const evaluation = stack.use(
    await createHttpServer({
      ...shared,
      name: "evaluation",
      port: options.evaluationPort ?? 0,
      answer: async (request) => ({ reply: await answerEvaluation(sandbox, insights, request) }),
    }),
  );
  const streaming = createStreaming(sandbox, evaluation.server);
  stack.defer(() => streaming.close());
  if (options.seed) plant(sandbox, options.seed);

  const owned = stack.move();
  return {
    apiUrl: api.url,
    evaluationUrl: evaluation.url,
    streamingUrl: evaluation.url.replace("http", "ws"),
    seed: (seed) => plant(sandbox, seed),
    as: (name, { at } = {}) => createPerson(sandbox, name, at),
    inject: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    mutations: sandbox.mutations,
    requests,
    get refusedRequests() {
      return requests.filter(({ status, spoilt }) => !spoilt && (status ?? 0) >= 400).length;
    },
    insights,
    deliveries: webhooks.deliveries,
    get connectionCount() {
      return streaming.connectionCount();
    },
    dropConnections: () => streaming.dropAll(),
    get writeWindowMs() {
      return sandbox.writeWindowMs;
    },
    set writeWindowMs(ms) {
      sandbox.writeWindowMs = ms;
    },
    world,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

import type { Pool } from "pg";
import { z } from "zod";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { Alert } from "../../../src/domain/alert.ts";
import { DeliveryId, IncidentId } from "../../../src/domain/ids.ts";
import type { IncidentState } from "../../../src/domain/incident/incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import type { Store } from "../../../src/pipeline/ports/storage.ts";
import type { World, WorldOptions } from "../../../src/sandbox/world/create-world.ts";
import { createPlay } from "../../support/incident-play.ts";
import { buildWorld } from "../../support/open-shop.ts";
import { type Pointed, spawnSignalman, workFolder } from "../../support/signalman.ts";
import { until } from "../../support/until.ts";

/** What became of a delivery that the door has accepted. */
export interface Ended {
  id: DeliveryId;
  outcome: string;
  /** Why, or what, where it joined no incident. */
  words: string;
  /** The incidents it joined. */
  incidents: IncidentState[];
  /** The alerts that it brought to them. */
  alerts: Alert[];
}

export type Intake = Awaited<ReturnType<typeof openIntake>>;

/**
 * A shop, Signalman as a process of its own that logs all it can, and its database read beside it. `settings` are
 * put over those of the shop, `sources` are added to its sources; each gets a secret.
 */
export async function openIntake({
  settings = () => ({}),
  sources = [],
  env = {},
  ...options
}: Omit<WorldOptions, "dataFolder"> & {
  settings?: (world: World) => Record<string, unknown>;
  sources?: readonly ({ id: string } & Record<string, unknown>)[];
  env?: Record<string, string>;
}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder, ...options }));
  const shops = z.array(z.unknown()).parse(world.settings["sources"]);
  const variables = sources.flatMap(({ id, secretEnv }) =>
    typeof secretEnv === "string" ? [[secretEnv, secretOf(id)] as const] : [],
  );
  const pointed: Pointed = {
    settings: {
      ...world.settings,
      log: { level: "debug" },
      ...settings(world),
      sources: [...shops, ...sources],
    },
    env: { ...world.env, ...Object.fromEntries(variables), ...env },
  };
  const signalman = stack.use(await spawnSignalman(pointed, folder.path));
  const server = stack.use(
    await createEmbeddedPostgres({ dataFolder: folder.dataFolder, log: () => undefined }),
  );
  const pool = createPool({ ...server.connection, max: 2 }, () => undefined);
  stack.defer(() => pool.end());
  const store = createStore(pool);
  const owned = stack.move();
  return {
    folder: folder.path,
    world,
    signalman,
    pool,
    store,
    play: createPlay(world),
    /** Where deliveries of this source go. */
    doorOf: (sourceId: string) => `${signalman.doorUrl}/webhooks/${sourceId}`,
    /** Waits until all of these are settled, and says how, in their order. */
    endsOf: (correlationIds: readonly string[], timeoutMs = 30_000) =>
      endsOf(correlationIds, { pool, store, timeoutMs, seen: signalman.log }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function secretOf(sourceId: string): string {
  return `the-secret-of-${sourceId}-0123456789`;
}

export function variableOf(sourceId: string): string {
  return `${sourceId.toUpperCase().replaceAll("-", "_")}_SECRET`;
}

/** Posts, and gives what was answered; `correlationId` is "" where it was not accepted. */
export async function post(url: string, body: Buffer | string, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  const answer = await response.text();
  const { correlationId = "" } = Accepted.parse(JSON.parse(answer));
  return { status: response.status, headers: response.headers, answer, correlationId };
}

const Accepted = z.object({ correlationId: z.string().optional() });

const Row = z.object({
  id: DeliveryId,
  correlation_id: z.string(),
  outcome: z.string(),
  settlement: z.string().transform((text) =>
    z
      .object({
        incidentIds: z.array(IncidentId).default([]),
        reason: z.string().optional(),
        what: z.string().optional(),
      })
      .parse(JSON.parse(text)),
  ),
});

async function endsOf(
  correlationIds: readonly string[],
  { pool, store, timeoutMs, seen }: { pool: Pool; store: Store; timeoutMs: number; seen: () => string },
): Promise<Ended[]> {
  const rows = await until(
    `${correlationIds.length} deliveries to be settled`,
    async () => {
      const { rows: found } = await pool.query(
        `select id, correlation_id, outcome, settlement from inbox
         where correlation_id = any($1) and outcome is not null`,
        [correlationIds],
      );
      return found.length === correlationIds.length ? found.map((row) => Row.parse(row)) : null;
    },
    { timeoutMs, everyMs: 150, seen },
  );
  const incidents = new Map<string, IncidentState>();
  const alerts = new Map<string, Alert[]>();
  for (const id of new Set(rows.flatMap(({ settlement }) => settlement.incidentIds))) {
    const loaded = await store.ledger.incident(id);
    if (loaded !== null) incidents.set(id, loaded.state);
    for (const { data } of await store.ledger.events(streamOf("incident", id), { types: ["alert_joined"] })) {
      const { deliveryId, alert } = Joined.parse(data);
      alerts.set(deliveryId, [...(alerts.get(deliveryId) ?? []), alert]);
    }
  }
  return correlationIds.map((correlationId) => {
    const row = rows.find((each) => each.correlation_id === correlationId);
    if (row === undefined) throw new Error(`no delivery ${correlationId}`);
    const { incidentIds, reason, what } = row.settlement;
    return {
      id: row.id,
      outcome: row.outcome,
      words: reason ?? what ?? "",
      incidents: incidentIds.flatMap((id) => incidents.get(id) ?? []),
      alerts: alerts.get(row.id) ?? [],
    };
  });
}

const Joined = z.object({ deliveryId: z.string(), alert: Alert });

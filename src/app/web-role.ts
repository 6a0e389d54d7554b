import { randomUUID } from "node:crypto";
import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { type Console, createConsole } from "../adapters/console/console.ts";
import { placeOf } from "../adapters/console/places.ts";
import { createDoor, type Door } from "../adapters/http/door.ts";
import { plotSvg } from "../adapters/plot/plot-svg.ts";
import { renderPlot } from "../adapters/plot/render-plot.ts";
import type { Slack } from "../adapters/slack/slack.ts";
import type { WebConfig } from "../config/load-config.ts";
import { CorrelationId, DeliveryId } from "../domain/ids.ts";
import type { MetricsPage } from "../adapters/http/metrics-page.ts";
import { consoleReads } from "../pipeline/console/console-reads.ts";
import type { NotifyDeps } from "../pipeline/notify.ts";
import { desk } from "../pipeline/people/desk.ts";
import { personActions } from "../pipeline/people/person-actions.ts";
import type { TellDeps } from "../pipeline/tell.ts";
import { newChangeId, newIncidentId, newStandingId, type Shared } from "./shared.ts";

export type WebDeps = NotifyDeps & TellDeps;

/** People's front: Slack's cards, clicks and commands. `leave`: see `Slack`. */
export async function webDeps(
  part: WebConfig,
  shared: Shared,
  ledgerFault: () => string | null,
): Promise<WebDeps & Pick<Slack, "leave">> {
  // Slack's libraries take longer to load than all the rest: the door, which is open by now, does not wait for them.
  const [{ createIdentity }, { createSlack }] = await Promise.all([
    import("../adapters/slack/identity.ts"),
    import("../adapters/slack/slack.ts"),
  ]);
  const { config, documents, store, controls, guard, log, stack } = shared;
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
  const publicUrl = part.console?.publicUrl;
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
      traceOf: config.watch.traces === null ? undefined : (kind, id) => store.ledger.traceOf(kind, id),
      actions: personActions({
        store,
        identity,
        controls,
        guard,
        flags,
        rulebook: documents.governance,
        services,
        newChangeId,
        newIncidentId,
        newStandingId,
      }),
      desk: desk({
        store,
        flags,
        controls,
        services,
        queueBackend: config.queue.kind === "redis" ? "redis" : "postgres",
        ledgerFault,
        drafter: config.worker === undefined ? null : (config.worker.model?.routes[0].name ?? "rules"),
      }),
      mayStand: (tool) => documents.governance.contracts.get(tool)?.approval?.standing !== undefined,
      flagUrl: (ref) => flags.webUrl(ref),
      consoleUrl: publicUrl == null ? undefined : (id) => `${publicUrl}${placeOf(id)}`,
      drawPlot: renderPlot,
      log,
    }),
  );
  const { announcer, noticeboard, leave } = slack;
  return { store, services, controls, guard, rulebook: documents.governance, announcer, noticeboard, leave };
}

/** What people read without Slack; null where no CONSOLE_TOKEN is set. */
export async function openConsole(
  { console }: WebConfig,
  { config, documents, store, controls, guard, log }: Shared,
): Promise<Console | null> {
  if (console === null) return null;
  return createConsole({
    ...console,
    token: console.token.reveal(),
    reads: consoleReads({
      store,
      services: config.services,
      controls,
      guard,
      rulebook: documents.governance,
    }),
    drawPlot: plotSvg,
    log,
  });
}

/** Where webhooks come in. `missing` says what else is not there that useful work needs. */
export function openDoor(
  part: WebConfig,
  { config, store, log }: Shared,
  missing: () => readonly string[],
  page: MetricsPage | null,
): Promise<Door> {
  return createDoor({
    host: config.server.host,
    port: config.server.port,
    sources: config.sources.map((source) => ({
      source,
      secret: part.sourceSecrets.get(source.id)?.reveal() ?? "",
    })),
    inbox: store.inbox,
    newDeliveryId: () => DeliveryId.parse(randomUUID()),
    newCorrelationId: () => CorrelationId.parse(randomUUID()),
    ...(page !== null &&
      part.metricsToken !== null && { metrics: { page, token: part.metricsToken.reveal() } }),
    readiness: async () => {
      await store.now();
      return missing();
    },
    log,
  });
}

import { randomUUID } from "node:crypto";
import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { createDoor, type Door } from "../adapters/http/door.ts";
import { renderPlot } from "../adapters/plot/render-plot.ts";
import { createIdentity } from "../adapters/slack/identity.ts";
import { createSlack, type Slack } from "../adapters/slack/slack.ts";
import type { WebConfig } from "../config/load-config.ts";
import { CorrelationId, DeliveryId } from "../domain/ids.ts";
import type { NotifyDeps } from "../pipeline/notify.ts";
import { desk } from "../pipeline/people/desk.ts";
import { personActions } from "../pipeline/people/person-actions.ts";
import type { Controls } from "../pipeline/ports/controls.ts";
import type { TellDeps } from "../pipeline/tell.ts";
import { newChangeId, type Shared } from "./shared.ts";

export type WebDeps = NotifyDeps & TellDeps;

/** People's front: Slack's cards, clicks and commands. `leave`: see `Slack`. */
export async function webDeps(
  part: WebConfig,
  controls: Controls,
  shared: Shared,
): Promise<WebDeps & Pick<Slack, "leave">> {
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
        services,
        newChangeId,
      }),
      desk: desk({
        store,
        flags,
        controls,
        services,
        queueBackend: config.queue.kind === "redis" ? "redis" : "postgres",
        drafter: config.worker === undefined ? null : (config.worker.model?.routes[0].name ?? "rules"),
      }),
      flagUrl: (ref) => flags.webUrl(ref),
      drawPlot: renderPlot,
      log,
    }),
  );
  const { announcer, noticeboard, leave } = slack;
  return { store, services, controls, announcer, noticeboard, leave };
}

/** Where webhooks come in. `missing` says what else is not there that useful work needs. */
export function openDoor(
  part: WebConfig,
  { config, store, log }: Shared,
  missing: () => readonly string[],
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
    readiness: async () => {
      await store.now();
      return missing();
    },
    log,
  });
}

import { checkoutFlag, checkoutQueries } from "../services/checkout.ts";
import { searchDeployQuery, searchFlag, searchQueries } from "../services/search.ts";
import { demoWindow, type ServiceQuery } from "../services/service-query.ts";
import { supportFlag, supportQueries } from "../services/support-assistant.ts";
import { channels } from "./people.ts";

export interface WorldAddresses {
  slackApi: string;
  featbitApi: string;
  featbitStreaming: string;
  featbitEvents: string;
  prometheus: string;
  /** Null: no model, the rules draft alone. */
  model: { baseUrl: string; name: string } | null;
}

export interface WorldPace {
  /** Where Signalman listens; 0 takes a free port. */
  port: number;
  dataFolder: string;
  /** How long after a change its effect is judged, seconds. */
  verifyAfterSeconds: number;
}

/** The `signalman.yml` of the sandbox: what a platform engineer would have written for this shop. */
export function worldSettings(addresses: WorldAddresses, pace: WorldPace): Record<string, unknown> {
  return {
    server: { host: "127.0.0.1", port: pace.port },
    database: { dataFolder: pace.dataFolder },
    slack: {
      apiUrl: addresses.slackApi,
      defaultChannel: channels.incidents.id,
      opsChannel: channels.ops.id,
    },
    featbit: {
      apiUrl: addresses.featbitApi,
      streamingUrl: addresses.featbitStreaming,
      eventsUrl: addresses.featbitEvents,
    },
    prometheus: { url: addresses.prometheus },
    ...(addresses.model === null ? {} : { model: addresses.model }),
    // An alert that fires again after it was resolved is a new incident at once: a demo is played more than once.
    timing: { lookBack: "1h", verifyAfter: `${pace.verifyAfterSeconds}s`, reopenWithin: "1s" },
    sources: [
      { id: "alertmanager", kind: "alertmanager", auth: "bearer", secretEnv: "ALERTMANAGER_SECRET" },
      { id: "generic", kind: "generic", auth: "hmac", secretEnv: "GENERIC_SECRET" },
    ],
    services: [
      service(
        "support-assistant",
        "Support AI",
        [supportFlag.key],
        [
          ...supportQueries(),
          byVariation("latency by variation", "support_answer_latency_seconds", "support-assistant"),
        ],
        {
          internalSegment: "internal-users",
        },
      ),
      service("checkout", "Checkout", [checkoutFlag.key], checkoutQueries()),
      service(
        "search",
        "Search",
        [searchFlag.key],
        [...searchQueries(), byVariation("latency by variation", "search_request_latency_seconds", "search")],
        { deployQuery: searchDeployQuery },
      ),
    ],
  };
}

function service(
  name: string,
  owner: string,
  flagKeys: string[],
  queries: ServiceQuery[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    name,
    owner,
    tenant: "shop",
    channel: channels.incidents.id,
    environments: { production: { project: "shop", environment: "prod" } },
    flags: { keys: flagKeys },
    queries: queries.map(catalogueQuery),
    sources: [
      { id: "alertmanager", match: { service: name } },
      { id: "generic", match: { service: name } },
    ],
    ...more,
  };
}

/** A ratio of 0..1 is told in percent. */
function catalogueQuery({ name, query, unit, bad }: ServiceQuery): Record<string, unknown> {
  const percent = unit === "ratio";
  return {
    id: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_"),
    title: name,
    promql: percent ? `100 * (${query})` : query,
    unit: percent ? "%" : "s",
    badDirection: bad,
  };
}

/** The same latency told apart by variation: who got the new one, and is it they who suffer? */
function byVariation(name: string, histogram: string, serviceName: string): ServiceQuery {
  const rate = `rate(${histogram}_bucket{service="${serviceName}"}[${demoWindow}])`;
  const query = `histogram_quantile(0.95, sum by (le, variation) (${rate}))`;
  return { name, query, unit: "seconds", bad: "up" };
}

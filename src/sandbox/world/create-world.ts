import { createFeatBitSandbox } from "../featbit/featbit-sandbox.ts";
import { createOpenAiSandbox } from "../openai/openai-sandbox.ts";
import { createPrometheusSandbox } from "../prometheus/prometheus-sandbox.ts";
import type { RaisedAlert } from "../services/alert-bodies.ts";
import { createAlertSender } from "../services/alert-sender.ts";
import { checkoutFlag, createCheckout } from "../services/checkout.ts";
import { createSearch, searchFlag } from "../services/search.ts";
import { createSupportAssistant, supportFlag } from "../services/support-assistant.ts";
import { createSlackSandbox } from "../slack/slack-sandbox.ts";
import {
  controlsEnvironment,
  minutesBefore,
  mishaps,
  shopEnvironment,
  shopSeed,
  supportSplit,
} from "./flags.ts";
import { channels, emailOf, groups, people, type PersonName } from "./people.ts";
import { worldSettings } from "./settings.ts";

export type World = Awaited<ReturnType<typeof createWorld>>;

export type ScenarioName = "support" | "checkout" | "search";

export interface WorldOptions {
  /** Where Signalman keeps its data. */
  dataFolder: string;
  /** How long after a change its effect is judged, seconds; at least 20, or old samples are still in the window. */
  verifyAfterSeconds?: number;
  /** Where Signalman listens; 0 takes a free port. */
  port?: number;
  /** Lets a scripted model draft instead of the rules. */
  withModel?: boolean;
  /** Without simulated services: nothing ticks, for tests that look at something else. */
  quiet?: boolean;
}

const secrets = {
  readToken: "api-sandbox-read-token-for-signalman-0000001",
  writeToken: "api-sandbox-write-token-for-signalman-000001",
  alertmanager: "sandbox-alertmanager-secret",
  generic: "sandbox-generic-secret",
};
const historyMinutes = 60;

/**
 * A small shop in trouble, on loopback: a Slack workspace, FeatBit, Prometheus and three services that evaluate
 * their flags with the official SDK. `env` and `settings` are the ordinary configuration with which Signalman is
 * pointed at it; Signalman itself is not part of it.
 */
export async function createWorld(options: WorldOptions) {
  await using stack = new AsyncDisposableStack();
  const now = Date.now();
  const slack = stack.use(await createSlackSandbox({ commands: ["/flags", "/ops"] }));
  settle(slack);
  const featbit = stack.use(await createFeatBitSandbox());
  const prometheus = stack.use(await createPrometheusSandbox());
  const model = options.withModel ? stack.use(await createOpenAiSandbox()) : null;

  const seeded = featbit.seed({
    users: (Object.keys(people) as PersonName[]).map((name) => ({
      name: people[name].realName,
      email: emailOf(name),
    })),
    projects: [
      { key: "shop", name: "Shop", environments: [{ key: "prod", name: "Prod" }] },
      { key: "signalman", name: "Signalman", environments: [{ key: "prod", name: "Prod" }] },
    ],
    tokens: [
      { name: "signalman-read", token: secrets.readToken, permissions: statements([]) },
      { name: "signalman-write", token: secrets.writeToken, permissions: statements(writeActions) },
    ],
  });
  featbit.seed(shopSeed(now));
  await breakThings(featbit, now);

  const sdkKey = seeded.environments.get(shopEnvironment)?.serverSecret ?? "";
  const connection = { sdkKey, streamingUri: featbit.streamingUrl, eventsUri: featbit.evaluationUrl };
  const shared = { ...connection, store: prometheus.store };
  if (!options.quiet) {
    const support = stack.use(await createSupportAssistant(shared));
    const checkout = stack.use(await createCheckout(shared));
    const search = stack.use(await createSearch(shared));
    search.deploy("1.42.0", { at: minutesBefore(now, mishaps.searchDeploy.minutesAgo).getTime() });
    const changedAt = (name: "support" | "checkout" | "search") =>
      minutesBefore(now, mishaps[name].minutesAgo).getTime();
    await support.history({
      minutes: historyMinutes,
      changedAt: changedAt("support"),
      before: supportFlag.baseline,
    });
    await checkout.history({
      minutes: historyMinutes,
      changedAt: changedAt("checkout"),
      before: checkoutFlag.off,
    });
    await search.history({ minutes: historyMinutes, changedAt: changedAt("search"), before: searchFlag.off });
    for (const service of [support, checkout, search]) service.start();
  }

  const settings = worldSettings(
    {
      slackApi: slack.apiUrl,
      featbitApi: featbit.apiUrl,
      featbitStreaming: featbit.streamingUrl.replace(/^http/, "ws"),
      featbitEvents: featbit.evaluationUrl,
      prometheus: prometheus.url,
      model: model === null ? null : { baseUrl: model.baseUrl, name: "sandbox-model" },
    },
    {
      port: options.port ?? 0,
      dataFolder: options.dataFolder,
      verifyAfterSeconds: options.verifyAfterSeconds ?? 22,
    },
  );
  const env: Record<string, string> = {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    FEATBIT_READ_TOKEN: secrets.readToken,
    FEATBIT_WRITE_TOKEN: secrets.writeToken,
    FEATBIT_CONTROLS_SECRET: seeded.environments.get(controlsEnvironment)?.serverSecret ?? "",
    ALERTMANAGER_SECRET: secrets.alertmanager,
    GENERIC_SECRET: secrets.generic,
    ...(model === null ? {} : { OPENAI_API_KEY: model.apiKey }),
  };

  const owned = stack.move();
  return {
    slack,
    featbit,
    prometheus,
    model,
    people,
    channels,
    connection,
    /** FeatBit's id of the shop's environment. */
    environmentId: seeded.environments.get(shopEnvironment)?.id ?? "",
    readToken: secrets.readToken,
    env,
    settings,
    /** What a monitoring system would send; `doorUrl` is where Signalman listens. */
    alertSender: (doorUrl: string) =>
      createAlertSender({
        url: `${doorUrl}/webhooks/alertmanager`,
        secret: secrets.alertmanager,
        kind: "alertmanager",
      }),
    alertOf,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The alert that the trouble of a scenario raises. */
export function alertOf(scenario: ScenarioName, startsAt: number = Date.now() - 90_000): RaisedAlert {
  const common = { environment: "production", startsAt };
  switch (scenario) {
    case "support":
      return {
        ...common,
        name: "SupportAnswersSlow",
        service: "support-assistant",
        severity: "critical",
        summary: "Support answers: p95 latency above 2 s, manual corrections rising",
        description: "The p95 latency of support answers has been above 2 s for 90 seconds.",
      };
    case "checkout":
      return {
        ...common,
        name: "CheckoutErrors",
        service: "checkout",
        severity: "critical",
        summary: "Checkout: more than 5% of the requests fail",
        description: "The error ratio of checkout has been above 5% for 90 seconds.",
      };
    case "search":
      return {
        ...common,
        name: "SearchSlow",
        service: "search",
        severity: "warning",
        summary: "Search: p95 latency above 1 s",
        description: "The p95 latency of search has been above 1 s for 90 seconds.",
      };
  }
}

function settle(slack: Awaited<ReturnType<typeof createSlackSandbox>>): void {
  const { workspace } = slack;
  for (const [name, { id, name: handle, realName }] of Object.entries(people)) {
    workspace.addUser({
      id,
      name: handle,
      realName,
      email: emailOf(name as PersonName),
      ...(name === "tomas" ? { isRestricted: true } : {}),
    });
  }
  for (const group of groups) workspace.addUserGroup(group);
  const members = Object.values(people).map(({ id }) => id);
  for (const channel of Object.values(channels)) {
    workspace.addChannel({ ...channel, members });
    workspace.inviteApp(channel.id);
  }
}

async function breakThings(
  featbit: Awaited<ReturnType<typeof createFeatBitSandbox>>,
  now: number,
): Promise<void> {
  const as = ({ by, minutesAgo }: { by: PersonName; minutesAgo: number }) =>
    featbit.as(emailOf(by), { at: minutesBefore(now, minutesAgo) });
  const { search, support, checkout } = mishaps;
  const flag = (key: string) => ({ env: shopEnvironment, key });
  await as(search).toggle(flag(searchFlag.key), true, search.comment);
  await as(support).retarget(flag(supportFlag.key), { fallthrough: supportSplit(10) }, support.comment);
  await as(checkout).toggle(flag(checkoutFlag.key), true, checkout.comment);
}

const writeActions = [
  "ToggleFlag",
  "UpdateFlagDefaultRule",
  "UpdateFlagIndividualTargeting",
  "UpdateFlagTargetingRules",
  "UpdateFlagOffVariation",
];

/** The least a token needs: to see the shop, and for the executor to change its flags. */
function statements(actions: string[]) {
  const allow = (id: string, resourceType: string, verbs: string[], resources: string[]) => ({
    id,
    resourceType,
    effect: "allow" as const,
    actions: verbs,
    resources,
  });
  return [
    allow("p", "project", ["CanAccessProject"], ["project/shop"]),
    allow("e", "env", ["CanAccessEnv"], ["project/shop:env/*"]),
    ...(actions.length === 0 ? [] : [allow("f", "flag", actions, ["project/shop:env/*:flag/*"])]),
  ];
}

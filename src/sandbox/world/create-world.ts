import { createFeatBitSandbox } from "../featbit/featbit-sandbox.ts";
import { createOpenAiSandbox } from "../openai/openai-sandbox.ts";
import { createPrometheusSandbox } from "../prometheus/prometheus-sandbox.ts";
import { createAlertSender } from "../services/alert-sender.ts";
import { checkoutFlag, createCheckout } from "../services/checkout.ts";
import { createSearch, type Search, searchFlag } from "../services/search.ts";
import { createSupportAssistant, supportFlag } from "../services/support-assistant.ts";
import { createSlackSandbox } from "../slack/slack-sandbox.ts";
import { controlsEnvironment, minutesBefore, mishaps, shopEnvironment, shopSeed } from "./flags.ts";
import { channels, emailOf, groups, people, personNames } from "./people.ts";
import { worldSettings } from "./settings.ts";
import { createTrouble, misstep, scenarioNames } from "./trouble.ts";

export type World = Awaited<ReturnType<typeof createWorld>>;

export interface WorldOptions {
  /** Where Signalman keeps its data. */
  dataFolder: string;
  /** How long after a change its effect is judged, seconds; at least 20, or old samples are still in the window. */
  verifyAfterSeconds?: number;
  /** Where Signalman listens; 0 takes a free port. */
  port?: number;
  /** Lets a scripted model draft instead of the rules. */
  withModel?: boolean;
  /** Slack then refuses what comes faster, as the real one does with 1; left out: it takes all. */
  messagesPerSecondPerChannel?: number;
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
  const { messagesPerSecondPerChannel } = options;
  const slack = stack.use(
    await createSlackSandbox({
      commands: ["/flags", "/ops"],
      ...(messagesPerSecondPerChannel !== undefined && { messagesPerSecondPerChannel }),
    }),
  );
  settle(slack);
  const featbit = stack.use(await createFeatBitSandbox());
  const prometheus = stack.use(await createPrometheusSandbox());
  const model = options.withModel ? stack.use(await createOpenAiSandbox()) : null;

  const seeded = featbit.seed({
    users: personNames.map((name) => ({ name: people[name].realName, email: emailOf(name) })),
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
  for (const scenario of scenarioNames)
    await misstep(featbit, scenario, minutesBefore(now, mishaps[scenario].minutesAgo));

  const sdkKey = seeded.environments.get(shopEnvironment)?.serverSecret ?? "";
  const connection = { sdkKey, streamingUri: featbit.streamingUrl, eventsUri: featbit.evaluationUrl };
  const shared = { ...connection, store: prometheus.store };
  let search: Search | null = null;
  if (!options.quiet) {
    const support = stack.use(await createSupportAssistant(shared));
    const checkout = stack.use(await createCheckout(shared));
    search = stack.use(await createSearch(shared));
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
    trouble: createTrouble(featbit, search),
    env,
    settings,
    /** What a monitoring system would send; `doorUrl` is where Signalman listens. */
    alertSender: (doorUrl: string) =>
      createAlertSender({
        url: `${doorUrl}/webhooks/alertmanager`,
        secret: secrets.alertmanager,
        kind: "alertmanager",
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function settle(slack: Awaited<ReturnType<typeof createSlackSandbox>>): void {
  const { workspace } = slack;
  for (const person of personNames) {
    const { id, name, realName } = people[person];
    workspace.addUser({
      id,
      name,
      realName,
      email: emailOf(person),
      ...(person === "tomas" ? { isRestricted: true } : {}),
    });
  }
  for (const group of groups) workspace.addUserGroup(group);
  const members = Object.values(people).map(({ id }) => id);
  for (const channel of Object.values(channels)) {
    workspace.addChannel({ ...channel, members });
    workspace.inviteApp(channel.id);
  }
}

const writeActions = [
  "ToggleFlag",
  "UpdateFlagDefaultRule",
  "UpdateFlagIndividualTargeting",
  "UpdateFlagTargetingRules",
  "UpdateFlagOffVariation",
  // Rights of their own, granted only where flags are to be archived.
  "ArchiveFlag",
  "RestoreFlag",
];

/** The least a token needs: to see the shop, and for the executor to change its flags. */
function statements(actions: string[]) {
  return [
    allow("p", "project", ["CanAccessProject"], ["project/shop"]),
    allow("e", "env", ["CanAccessEnv"], ["project/shop:env/*"]),
    ...(actions.length === 0 ? [] : [allow("f", "flag", actions, ["project/shop:env/*:flag/*"])]),
  ];
}

function allow(id: string, resourceType: string, actions: string[], resources: string[]) {
  return { id, resourceType, effect: "allow" as const, actions, resources };
}

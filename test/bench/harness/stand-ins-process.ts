import { lateAnswer } from "../../../src/sandbox/openai/model-answers.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import { createWorld, type World } from "../../../src/sandbox/world/create-world.ts";
import { shopEnvironment } from "../../../src/sandbox/world/flags.ts";
import { channels, emailOf, people } from "../../../src/sandbox/world/people.ts";
import { type Arrival, recordArrivals } from "./arrivals.ts";
import { approveCard, arrivedSince, howManyArrived, isTold, whatWaits, whenApplied } from "./click-calls.ts";
import { approve, callsOfClick, cardsToApprove } from "./clicking.ts";
import { nowMs } from "./clock.ts";
import { answering, servePart } from "./part.ts";
import {
  type Opened,
  openWorld,
  type Shown,
  sourceIds,
  sourceSecret,
  whatWasSeen,
  type WorldPlan,
} from "./stand-ins.ts";

const stack = new AsyncDisposableStack();
const messages: Shown[] = [];
let world: World | null = null;
let arrivals: readonly Arrival[] = [];
let ownChannels: string[] = [];

const flagKeys = ["checkout_one_click", "search_ranking_v2", "support_answer_profile"];
const minute = 60_000;
/** For so long the services have had errors. */
const troubledMs = 12 * minute;

async function open({ dataFolder, withModel, ...plan }: WorldPlan): Promise<Opened> {
  const strict = plan.strictSlack === true ? { messagesPerSecondPerChannel: 1 } : {};
  world = stack.use(await createWorld({ dataFolder, withModel, quiet: true, ...strict }));
  if (plan.modelMs !== undefined) world.model?.behave(lateAnswer(plan.modelMs));
  world.slack.onChange((change) => {
    if (change.kind !== "message_posted" && change.kind !== "message_updated") return;
    messages.push(shownFrom(change.kind, change.message));
  });
  const names = Array.from({ length: plan.services }, (_, index) => `bench-${index}`);
  ownChannels = plan.channelEach ? names.map((_, index) => `C0BENCH${index}`) : [];
  for (const id of ownChannels) {
    world.slack.workspace.addChannel({ id, name: id.toLowerCase(), members: [people.ruth.id] });
    world.slack.workspace.inviteApp(id);
  }
  if (plan.flagEach === true) {
    await plantOwnFlags(world, plan.services);
    arrivals = recordArrivals();
  }
  history(world, names);
  const all = [...names, "lone-same", "lone-other"];
  return {
    settings: {
      ...world.settings,
      sources: Object.values(sourceIds).map((id) => ({
        id,
        kind: "alertmanager",
        auth: "hmac",
        secretEnv: "BENCH_SECRET",
        // How much is taken is what is measured.
        rate: { perSecond: 1_000_000, burst: 10_000_000 },
      })),
      services: all.map((name, index) => service(name, index, plan)),
      intake: { mostOpenIncidents: 1000 },
      // As it is installed, not as the demo is played: there an alert that fires again is a new incident at once.
      timing: {},
      ...modelSettings(world.settings["model"], plan.callsPerHour),
    },
    env: { ...world.env, BENCH_SECRET: sourceSecret },
    slack: {
      apiUrl: world.slack.apiUrl,
      botToken: world.slack.botToken,
      channels: ownChannels.length > 0 ? ownChannels : [channels.incidents.id],
    },
  };
}

function modelSettings(model: unknown, callsPerHour: number | undefined) {
  if (typeof model !== "object" || callsPerHour === undefined) return {};
  return { model: { ...model, budget: { callsPerHour, tokensPerHour: 1_000_000_000 } } };
}

function service(
  name: string,
  index: number,
  { groupBy, flagEach }: Pick<WorldPlan, "groupBy" | "flagEach">,
) {
  return {
    name,
    owner: "Bench",
    tenant: "shop",
    channel: ownChannels[index] ?? channels.incidents.id,
    environments: { production: { project: "shop", environment: "prod" } },
    flags: { keys: [flagEach === true ? ownFlag(index) : flagKeys[index % flagKeys.length]] },
    queries: [
      {
        id: "error_ratio",
        title: "Error ratio",
        promql: `100 * error_ratio{service="${name}"}`,
        unit: "%",
        badDirection: "up",
      },
    ],
    sources: Object.values(sourceIds).map((id) => ({ id, match: { service: name } })),
    grouping: { by: groupBy },
  };
}

/** The flag that only this service is suspected of. */
function ownFlag(index: number): string {
  return `bench_flag_${index}`;
}

async function plantOwnFlags({ featbit }: World, count: number): Promise<void> {
  const began = Date.now() - troubledMs;
  const keys = Array.from({ length: count }, (_, index) => ownFlag(index));
  featbit.seed({
    flags: keys.map((key) => ({
      env: shopEnvironment,
      key,
      name: key,
      isEnabled: false,
      createdAt: new Date(began - 30 * 24 * 60 * minute),
      by: emailOf("chen"),
    })),
  });
  for (const key of keys) {
    const chen = featbit.as(emailOf("chen"), { at: new Date(began - minute / 2) });
    await chen.toggle({ env: shopEnvironment, key }, true, "For everybody");
  }
}

/** An hour of each service's error ratio, which rose twelve minutes ago. */
function history({ prometheus }: World, names: readonly string[]): void {
  const end = Date.now();
  for (const name of names) {
    for (let at = end - 60 * minute; at < end + 10 * minute; at += 15_000) {
      const wobble = 0.001 * Math.sin(at / 40_000);
      const value = (at > end - troubledMs ? 0.09 : 0.004) + wobble;
      prometheus.store.append("error_ratio", { service: name }, value, at);
    }
  }
}

function shownFrom(kind: "message_posted" | "message_updated", message: SlackMessage): Shown {
  const text = `${message.text} ${JSON.stringify(message.blocks)}`;
  return {
    atMs: nowMs(),
    kind: kind === "message_posted" ? "posted" : "updated",
    channel: message.channel,
    ts: message.ts,
    topLevel: message.threadTs === undefined || message.threadTs === message.ts,
    // The lead of a card's text ends with the time in brackets; what was drafted stands behind it.
    drafted: !message.text.endsWith(")."),
    ids: [...new Set(text.match(/\bmk[a-z0-9]+-\d+\b/g))],
    alerts: Number(/\*Severity:\* \w+\. ([\d,]+) alerts?,/.exec(text)?.[1]?.replaceAll(",", "") ?? 0),
  };
}

/** Those about the lone alerts, which a storm sends along, are none of the storm's. */
function modelCalls(): number {
  const requests = world?.model?.requests ?? [];
  return requests.filter(({ body }) => !/lone-(same|other)/.test(JSON.stringify(body))).length;
}

function refusedCalls(): number {
  return theWorld().slack.callLog.filter(({ result }) => result["error"] === "ratelimited").length;
}

function theWorld(): World {
  if (world === null) throw new Error("the world is not open");
  return world;
}

servePart(
  [
    answering(whatWaits, () => Promise.resolve(cardsToApprove(theWorld(), ownChannels))),
    answering(approveCard, (card) => approve(theWorld(), arrivals, card)),
    answering(howManyArrived, () => Promise.resolve(arrivals.length)),
    answering(arrivedSince, ({ from, card }) => callsOfClick(arrivals, from, card)),
    answering(whenApplied, (cards) =>
      Promise.resolve(cards.map((card) => arrivals.find((call) => isTold(call, card))?.atMs ?? null)),
    ),
    answering(openWorld, open),
    answering(whatWasSeen, () =>
      Promise.resolve({ messages, modelCalls: modelCalls(), refused: refusedCalls() }),
    ),
  ],
  stack,
);

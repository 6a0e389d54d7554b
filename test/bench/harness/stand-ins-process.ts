import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import { createWorld, type World } from "../../../src/sandbox/world/create-world.ts";
import { channels } from "../../../src/sandbox/world/people.ts";
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

const flagKeys = ["checkout_one_click", "search_ranking_v2", "support_answer_profile"];
const minute = 60_000;

async function open({ dataFolder, withModel, ...plan }: WorldPlan): Promise<Opened> {
  world = stack.use(await createWorld({ dataFolder, withModel, quiet: true }));
  world.slack.onChange((change) => {
    if (change.kind !== "message_posted" && change.kind !== "message_updated") return;
    messages.push(shownFrom(change.kind, change.message));
  });
  const names = Array.from({ length: plan.services }, (_, index) => `bench-${index}`);
  const ownChannels = plan.channelEach ? names.map((_, index) => `C0BENCH${index}`) : [];
  for (const id of ownChannels) {
    world.slack.workspace.addChannel({ id, name: id.toLowerCase(), members: [] });
    world.slack.workspace.inviteApp(id);
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
      services: all.map((name, index) => service(name, index, ownChannels[index], plan.groupBy)),
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

function service(name: string, index: number, channel: string | undefined, groupBy: string[]) {
  return {
    name,
    owner: "Bench",
    tenant: "shop",
    channel: channel ?? channels.incidents.id,
    environments: { production: { project: "shop", environment: "prod" } },
    flags: { keys: [flagKeys[index % flagKeys.length]] },
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

/** An hour of each service's error ratio, which rose twelve minutes ago. */
function history({ prometheus }: World, names: readonly string[]): void {
  const end = Date.now();
  for (const name of names) {
    for (let at = end - 60 * minute; at < end + 10 * minute; at += 15_000) {
      const wobble = 0.001 * Math.sin(at / 40_000);
      const value = (at > end - 12 * minute ? 0.09 : 0.004) + wobble;
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
  };
}

/** Those about the lone alerts, which a storm sends along, are none of the storm's. */
function modelCalls(): number {
  const requests = world?.model?.requests ?? [];
  return requests.filter(({ body }) => !/lone-(same|other)/.test(JSON.stringify(body))).length;
}

servePart(
  [
    answering(openWorld, open),
    answering(whatWasSeen, () => Promise.resolve({ messages, modelCalls: modelCalls() })),
  ],
  stack,
);

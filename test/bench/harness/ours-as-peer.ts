import type { BenchOptions } from "./bench.ts";
import { startOurs } from "./contenders.ts";
import type { Peer, PeerServices } from "./peer.ts";
import { killAll } from "./peer-program.ts";
import type { Seen } from "./stand-ins.ts";

/** Signalman as it is installed, asked the same as others are. */
export async function startOursAsPeer(
  options: Pick<BenchOptions, "store" | "profileFolder">,
  count: Readonly<Record<keyof PeerServices, number>>,
): Promise<Peer> {
  await using stack = new AsyncDisposableStack();
  const services = count.storm + count.known + count.fresh;
  // A channel a service: Slack's pace is not what is measured.
  const plan = { services, channelEach: true, groupBy: [], withModel: true, callsPerHour: 100_000 };
  const ours = stack.use(await startOurs(options, ["all"], plan));
  let running = [...ours.processes];
  const names = Array.from({ length: services }, (_, index) => `bench-${index}`);
  const stormChannels = new Set(ours.world.opened.slack.channels.slice(0, count.storm));
  const owned = stack.move();
  return {
    url: ours.url,
    form: "webhook",
    services: {
      storm: names.slice(0, count.storm),
      known: names.slice(count.storm, count.storm + count.known),
      fresh: names.slice(count.storm + count.known),
    },
    // A card that only counts on is written anew every 15 s.
    silentMs: 20_000,
    pids: () => running.map(({ pid }) => pid),
    // It keeps Slack's pace by itself, whatever Slack would take.
    paceSlack: () => Promise.resolve(),
    told: async () => toldBy(await ours.world.seen(), stormChannels),
    firstTold: async () => firstTold(await ours.world.seen()),
    async crash() {
      killAll(running.map(({ pid }) => pid));
      await Promise.all(running.map(({ ended }) => ended));
      running = [owned.use(await ours.spawn("all"))];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the cards of a storm say, each as it stands now. News of the quiet day may come late, in its own channels. */
function toldBy({ messages: all }: Seen, channels: ReadonlySet<string>) {
  const messages = all.filter(({ channel }) => channels.has(channel));
  const cards = new Map<string, number>();
  for (const { channel, ts, topLevel, alerts } of messages) {
    if (topLevel) cards.set(`${channel} ${ts}`, alerts);
  }
  return {
    messages: messages.filter(({ kind }) => kind === "posted").length,
    alerts: [...cards.values()].reduce((sum, alerts) => sum + alerts, 0),
  };
}

function firstTold({ messages }: Seen): Map<string, number> {
  const told = new Map<string, number>();
  for (const { ids, topLevel, atMs } of messages) {
    if (topLevel) for (const id of ids) if (!told.has(id)) told.set(id, atMs);
  }
  return told;
}

import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { tool } from "../support/tools.ts";
import { type Arm, measureRounds } from "./harness/arms.ts";
import type { BenchOptions, Figures } from "./harness/bench.ts";
import { median, percentile, rounded, spread, table } from "./harness/figures.ts";
import { installFromNpm } from "./harness/install-from-npm.ts";
import { nowMs } from "./harness/clock.ts";
import { closedLoop, openLoopById } from "./harness/load.ts";
import { memoryMb } from "./harness/memory.ts";
import { startOursAsPeer } from "./harness/ours-as-peer.ts";
import { type Part, startPart } from "./harness/part.ts";
import { startPeerProgram } from "./harness/peer-program.ts";
import { alertmanager, bolt, hubot, nodeRed, npmPackages } from "./harness/peer-programs.ts";
import type { Peer, PeerServices } from "./harness/peer.ts";
import type { Told } from "./harness/slack-sink.ts";
import { sourceSecret } from "./harness/stand-ins.ts";

export const name = "peers";
export const summary = "the same alerts through what people would otherwise use, beside ours";

const loadProcess = new URL("harness/load-process.ts", import.meta.url);
const connections = 50;
const kinds = 100;
const stormServices = 10;
/** Alerts of a quiet day; one of five is of a service that has no other, and waits for Slack are taken of these. */
const perSecond = 20;
const freshEvery = 5;
const knownServices = 10;
/** The warm-up is long enough for a process that has just started to have compiled what it runs. */
const full = { rounds: 3, warmUpMs: 5000, measureMs: 15_000, storm: 10_000, killAfterMs: 10_000, waitS: 10 };
const short = { rounds: 1, warmUpMs: 2500, measureMs: 4000, storm: 2000, killAfterMs: 3000, waitS: 3 };
/** However many there are, nothing takes longer than this. */
const stormMs = 60_000;
const mostSettleMs = 90_000;
/** Where all was told, so long without news is the end. */
const calmMs = 1000;
/** How long the last news of the quiet day may take. */
const mostLateMs = 5000;

type Plan = typeof full;

interface Measured {
  acceptedPerSecond: number;
  p99Ms: number;
  /** From accepted to Slack, on a quiet day; 0 where Slack was told before. */
  waitsMs: number[];
  quietUntold: number;
  messages: number;
  /** Of the storm, and nobody killed anything. */
  untold: number;
  atRestMb: number;
  stormMb: number;
  killedAccepted: number;
  killedTold: number;
}

export async function run(options: BenchOptions): Promise<Figures> {
  const plan = options.quick ? short : full;
  await using load = await startPart(loadProcess);
  const scratch = mkdtempSync("/tmp/signalman-peers-");
  try {
    const peers = await contenders(options, plan, scratch);
    const arms = peers.map(([name, start]): Arm<Measured> => ({
      name,
      async measure() {
        await using peer = await start();
        return await measurePeer(load, peer, plan);
      },
    }));
    const measured = await measureRounds(arms, plan.rounds, options, shown);
    show(options, measured);
    return Object.fromEntries([...measured].map(([name, rounds]) => [name, figuresOf(rounds)]));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Those that are here; what is missing is named. */
async function contenders(options: BenchOptions, plan: Plan, scratch: string) {
  const fresh = (perSecond * (plan.warmUpMs + plan.measureMs)) / 1000 / freshEvery;
  const services = {
    fresh: names("fresh", fresh),
    known: names("known", knownServices),
    storm: names("bench", stormServices),
  };
  const arms: [string, () => Promise<Peer>][] = [
    ["ours", () => startOursAsPeer(options, { fresh, known: knownServices, storm: stormServices })],
    ["bolt", () => startPeerProgram(bolt(scratch, true), services)],
    ["bolt_waits", () => startPeerProgram(bolt(scratch, false), services)],
  ];
  const binary = tool("prometheus-alertmanager");
  if (binary === null) options.say("left out: alertmanager (Debian: prometheus-alertmanager)");
  else
    arms.push(["alertmanager", () => startPeerProgram(alertmanager(binary, scratch, plan.waitS), services)]);
  for (const [name, packages, program] of [
    ["node_red", npmPackages.nodeRed, nodeRed],
    ["hubot", npmPackages.hubot, hubot],
  ] as const) {
    const folder = mkdtempSync(`${scratch}/npm-`);
    const because = await installFromNpm(folder, packages);
    if (because !== null) options.say(`left out: ${name}, npm does not install it: ${because}`);
    else arms.push([name, () => startPeerProgram(program(folder), services)]);
  }
  return arms;
}

function names(of: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${of}-${index}`);
}

/** A quiet day, a storm, and a storm at whose end everything is killed. */
async function measurePeer(load: Part, peer: Peer, plan: Plan): Promise<Measured> {
  await delay(1500);
  const atRestMb = memoryMb(peer.pids());
  const quiet = await measureQuiet(load, peer, plan);

  const before = await peer.told();
  const watch = watchMemory(peer);
  const storm = await load.ask(closedLoop, stormOf(peer, "Storm", plan));
  const after = await settled(peer, before.alerts + storm.acceptedInAll);
  const stormMb = watch.end();

  await peer.paceSlack();
  const sent = load.ask(closedLoop, stormOf(peer, "Killed", plan, plan.killAfterMs));
  // At the last answer, or in the middle where answers wait for Slack.
  await Promise.race([sent, delay(plan.killAfterMs)]);
  await peer.crash();
  const killed = await sent;
  const end = await settled(peer, after.alerts + killed.acceptedInAll);
  return {
    ...quiet,
    acceptedPerSecond: storm.perSecond,
    p99Ms: storm.p99Ms,
    messages: after.messages - before.messages,
    untold: storm.acceptedInAll - (after.alerts - before.alerts),
    atRestMb,
    stormMb,
    killedAccepted: killed.acceptedInAll,
    killedTold: end.alerts - after.alerts,
  };
}

async function measureQuiet(load: Part, peer: Peer, { warmUpMs, measureMs }: Plan) {
  const mix = {
    ...sentTo(peer),
    run: "mkquiet",
    services: quietServices(peer.services),
    named: true,
    severity: "critical" as const,
  };
  const acks = await load.ask(openLoopById, { mix, perSecond, warmUpMs, measureMs });
  const counted = acks.filter(([id]) => isFresh(Number(id.slice("mkquiet-".length)), warmUpMs));
  const giveUpMs = nowMs() + mostLateMs;
  let first = await peer.firstTold();
  while (counted.some(([id]) => !first.has(id)) && nowMs() < giveUpMs) {
    await delay(250);
    first = await peer.firstTold();
  }
  const waitsMs = counted.flatMap(([id, ackedMs]) => {
    const toldMs = first.get(id);
    return toldMs === undefined ? [] : [Math.max(0, toldMs - ackedMs)];
  });
  return { waitsMs, quietUntold: counted.length - waitsMs.length };
}

/** One alert of new trouble, then four of what is known. */
function quietServices({ fresh, known }: PeerServices): string[] {
  return fresh.flatMap((service, index) => [
    service,
    ...Array.from({ length: freshEvery - 1 }, (_, at) => known[(index + at) % known.length] ?? ""),
  ]);
}

function isFresh(number: number, warmUpMs: number): boolean {
  return number % freshEvery === 0 && number >= (perSecond * warmUpMs) / 1000;
}

function stormOf(peer: Peer, name: string, { storm }: Plan, measureMs = stormMs) {
  const mix = {
    ...sentTo(peer),
    run: `mk${name.toLowerCase()}`,
    services: [...peer.services.storm],
    named: false,
    kinds: { count: kinds, name },
    severity: "warning" as const,
  };
  return { mix, connections, warmUpMs: 0, measureMs, most: storm };
}

function sentTo({ url, form }: Peer) {
  return { url, form, secret: sourceSecret, fingerprints: null };
}

/** What Slack was told once all was told, or once nothing came for as long as tells that nothing will. */
async function settled(peer: Peer, wanted: number): Promise<Told> {
  const giveUpMs = nowMs() + mostSettleMs;
  let told = await peer.told();
  let newsMs = nowMs();
  while (nowMs() < giveUpMs) {
    const silentMs = told.alerts >= wanted ? calmMs : peer.silentMs;
    if (nowMs() - newsMs > silentMs) break;
    await delay(250);
    const next = await peer.told();
    if (next.alerts !== told.alerts || next.messages !== told.messages) newsMs = nowMs();
    told = next;
  }
  return told;
}

/** Twice a second: a storm may be over in two. */
function watchMemory(peer: Peer) {
  let peak = 0;
  const look = () => (peak = Math.max(peak, memoryMb(peer.pids())));
  const timer = setInterval(look, 500);
  return {
    end: () => {
      clearInterval(timer);
      return look();
    },
  };
}

function figuresOf(rounds: readonly Measured[]): Figures {
  const middle = (of: (measured: Measured) => number) => rounded(median(rounds.map(of)));
  const sum = (of: (measured: Measured) => number) => rounds.reduce((all, each) => all + of(each), 0);
  const waits = (share: number) => middle(({ waitsMs }) => waitsAt(waitsMs, share));
  return {
    accepted_per_s: middle(({ acceptedPerSecond }) => acceptedPerSecond),
    answer_p99_ms: middle(({ p99Ms }) => p99Ms),
    slack_p50_ms: waits(0.5),
    slack_p99_ms: waits(0.99),
    messages: Math.max(...rounds.map(({ messages }) => messages)),
    untold: sum(({ untold, quietUntold }) => untold + quietUntold),
    memory_at_rest_mb: middle(({ atRestMb }) => atRestMb),
    memory_storm_mb: middle(({ stormMb }) => stormMb),
    accepted_before_kill: sum(({ killedAccepted }) => killedAccepted),
    lost: sum(({ killedAccepted, killedTold }) => killedAccepted - killedTold),
  };
}

/** 0 where nothing was told: it stands in `untold`. */
function waitsAt(waitsMs: readonly number[], share: number): number {
  return waitsMs.length === 0 ? 0 : percentile(waitsMs, share);
}

function show({ say }: BenchOptions, measured: ReadonlyMap<string, readonly Measured[]>): void {
  const columns: [string, (each: Measured) => number][] = [
    ["accepted/s", ({ acceptedPerSecond }) => acceptedPerSecond],
    ["p99 ms", ({ p99Ms }) => p99Ms],
    ["Slack p50 ms", ({ waitsMs }) => waitsAt(waitsMs, 0.5)],
    ["Slack p99 ms", ({ waitsMs }) => waitsAt(waitsMs, 0.99)],
    ["messages", ({ messages }) => messages],
    ["at rest MB", ({ atRestMb }) => atRestMb],
    ["storm MB", ({ stormMb }) => stormMb],
    ["killed: lost", ({ killedAccepted, killedTold }) => killedAccepted - killedTold],
  ];
  const rows = [...measured].map(([arm, rounds]) => [
    arm,
    ...columns.map(([, of]) => spread(rounds.map(of))),
  ]);
  say(table(["arm", ...columns.map(([title]) => title)], rows));
}

function shown(each: Measured): string {
  const { acceptedPerSecond, p99Ms, waitsMs, messages, untold, quietUntold, atRestMb, stormMb } = each;
  const lost = each.killedAccepted - each.killedTold;
  return [
    `${Math.round(acceptedPerSecond)}/s, p99 ${rounded(p99Ms)} ms`,
    `to Slack p50 ${rounded(waitsAt(waitsMs, 0.5))} ms, p99 ${rounded(waitsAt(waitsMs, 0.99))} ms`,
    `${messages} messages, ${untold + quietUntold} alerts untold`,
    `${rounded(atRestMb)} MB, in the storm ${rounded(stormMb)} MB`,
    `killed after ${each.killedAccepted} accepted: ${lost} lost`,
  ].join("; ");
}

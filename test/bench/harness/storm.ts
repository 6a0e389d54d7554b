import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { BenchOptions, Figures } from "./bench.ts";
import { nowMs } from "./clock.ts";
import { type Roles, startOurs } from "./contenders.ts";
import { rounded } from "./figures.ts";
import { openLoop, sendOne } from "./load.ts";
import type { Part } from "./part.ts";
import { sourceSecret, type Shown } from "./stand-ins.ts";
import { watchMemory } from "./watch-memory.ts";

export interface StormPlan {
  alerts: number;
  /** Null: each alert has its own. */
  fingerprints: number | null;
  seconds: number;
  /** Whether services have channels of their own; else all share one, which takes a message a second. */
  channelEach: boolean;
}

const services = 10;
const mostIdleMs = 120_000;
const lone = { same: "mklone-1", other: "mklone-2" } as const;

/**
 * A storm through the whole of Signalman, with one critical alert of another service of the same source and one of
 * another source in its middle. What was lost is counted from two sides: the sender's answers and the inbox's rows.
 */
export async function runStorm(
  options: BenchOptions,
  load: Part,
  roles: Roles,
  { alerts, fingerprints, seconds, channelEach }: StormPlan,
): Promise<Figures> {
  const plan = { services, channelEach, groupBy: [], withModel: true };
  await using ours = await startOurs(options, roles, plan);
  const database = new Client(await ours.place.connect());
  await database.connect();
  try {
    await using memory = await watchMemory(ours, database);
    const mix = {
      url: ours.url,
      secret: sourceSecret,
      run: "storm",
      services: Array.from({ length: services }, (_, index) => `bench-${index}`),
      fingerprints,
      named: false,
    };
    const startMs = nowMs();
    const storm = load.ask(openLoop, {
      mix,
      perSecond: alerts / seconds,
      warmUpMs: 0,
      measureMs: seconds * 1000,
    });
    await delay((seconds * 1000) / 2);
    const acked = await Promise.all([
      load.ask(sendOne, alone(ours.url, lone.same, "lone-same")),
      load.ask(sendOne, alone(ours.otherUrl, lone.other, "lone-other")),
    ]);
    const { acceptedInAll, others, lastAcceptedAtMs, p99Ms } = await storm;
    const idleMs = (await idleAt(database)) - lastAcceptedAtMs;
    const { messages, modelCalls } = await ours.world.seen();

    const accepted = acceptedInAll + acked.filter(({ status }) => status === 202).length;
    const ownCards = new Set(lonelyCards(messages));
    // A checkpoint of the ledger is told of outside of threads too, and of no alert.
    const cards = messages.filter(
      ({ kind, topLevel, alerts, ts }) => kind === "posted" && topLevel && alerts > 0 && !ownCards.has(ts),
    );
    for (const [status, count] of Object.entries(others))
      options.say(`  ${count} answers of status ${status}`);
    return {
      accepted,
      lost: accepted - (await settledRows(database)),
      cards: cards.length,
      messages: messages.filter(({ kind }) => kind === "posted").length,
      updates_per_minute: busiestMinute(
        messages.filter(({ kind }) => kind === "updated").map(({ atMs }) => atMs - startMs),
      ),
      model_calls: modelCalls,
      p99_ms: rounded(p99Ms),
      lone_same_source_s: rounded(waited(messages, lone.same, acked[0].atMs)),
      lone_other_source_s: rounded(waited(messages, lone.other, acked[1].atMs)),
      idle_s: rounded(Math.max(0, idleMs) / 1000),
      memory_at_rest_mb: rounded(memory.atRest()),
      memory_growth_mb: rounded(memory.peak() - memory.atRest()),
      memory_peak_mb: rounded(memory.peak()),
    };
  } finally {
    await database.end();
  }
}

function alone(url: string, id: string, service: string) {
  return {
    url,
    secret: sourceSecret,
    words: { service, name: `Errors ${id}`, severity: "critical" as const, id },
  };
}

function lonelyCards(messages: readonly Shown[]): string[] {
  const ids: readonly string[] = Object.values(lone);
  return messages.filter((one) => one.ids.some((id) => ids.includes(id))).map(({ ts }) => ts);
}

/** Seconds until the alert stood in Slack; a minute counts for one that never did. */
function waited(messages: readonly Shown[], id: string, ackedAtMs: number): number {
  const card = messages.find((one) => one.topLevel && one.ids.includes(id));
  return card === undefined ? 60 : Math.max(0, card.atMs - ackedAtMs) / 1000;
}

/** The most that fell into any 60 seconds. */
function busiestMinute(atMs: readonly number[]): number {
  return Math.max(0, ...atMs.map((from) => atMs.filter((at) => at >= from && at < from + 60_000).length));
}

async function settledRows(database: Client): Promise<number> {
  const { rows } = await database.query<{ settled: number }>(
    "select count(*)::int as settled from signalman.inbox where outcome in ('joined', 'duplicate', 'noted')",
  );
  return rows[0]?.settled ?? 0;
}

/** When nothing was left to do but what only a clock starts, for a second on end. */
export async function idleAt(database: Client): Promise<number> {
  const giveUpMs = nowMs() + mostIdleMs;
  let since: number | null = null;
  while (nowMs() < giveUpMs) {
    const at = nowMs();
    const { rows } = await database.query(
      `select from signalman.inbox where outcome is null union all
       select from signalman.outbox where status <> 'parked' and stage in ('investigate', 'notify', 'tell', 'recheck')
         and due_at < now() + interval '2 minutes'
       limit 1`,
    );
    if (rows.length > 0) since = null;
    else since ??= at;
    if (since !== null && at - since > 1000) return since;
    await delay(200);
  }
  return giveUpMs;
}

import type { StoreName } from "../../support/place.ts";
import { createRandom } from "../../support/random.ts";
import { runSignalman } from "../../support/signalman.ts";
import { judge, type Verdict } from "../judge/judge.ts";
import { numberNames, type Numbers } from "../judge/judge-deliveries.ts";
import { type Uncertain, uncertainNames } from "../judge/judge-uncertain.ts";
import type { Fault } from "../judge/records.ts";
import { drain } from "./drain.ts";
import { gatherRecords } from "./gather-records.ts";
import { type Lane, openLane } from "./lane.ts";
import type { Patch } from "./patches.ts";
import type { Trial } from "./trial.ts";

export interface CampaignOptions {
  trials: readonly Trial[];
  stores: readonly StoreName[];
  seed: number;
  full: boolean;
  /**
   * After so long nothing is tried once more; full, what has not been tried yet still is, and quick only until there
   * are `fewestFaults`. Absent: no limit.
   */
  minutes?: number;
  /** Finds trials by their name and store; absent: all. */
  only?: string | undefined;
  /** More patches for every lane, such as a mutant's. */
  patches?: readonly Patch[];
  /** Lanes at once. */
  lanes?: number;
  say: (line: string) => void;
}

export interface TrialResult {
  name: string;
  kind: string;
  store: StoreName;
  injected: number;
  tookMs: number;
}

/** The first thing that is not as it must be, with what it takes to see it again. */
export interface CounterExample {
  trial: string;
  store: StoreName;
  seed: number;
  fault: Fault;
  what: string[];
  trace: readonly string[];
  log: string;
}

export interface CampaignResult {
  results: TrialResult[];
  numbers: Numbers;
  uncertain: Uncertain;
  counterExample: CounterExample | null;
  /** What there was no time for, by trial and store. */
  leftOut: string[];
  tookMs: number;
}

interface Repeated {
  trial: Trial;
  store: StoreName;
  turn: number;
}

/**
 * Runs the trials, several lanes at once, and stops at the first counter-example. Every trial has its first turn before
 * one has its second.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { say, full, lanes = 4, minutes = Infinity } = options;
  const began = performance.now();
  const result: CampaignResult = {
    results: [],
    numbers: { attempted: 0, acknowledged: 0, ok: 0, lost: 0, unexpected: 0, duplicated: 0, recovered: 0 },
    uncertain: { applied: 0, notApplied: 0, needsPerson: 0 },
    counterExample: null,
    leftOut: [],
    tookMs: 0,
  };
  const isDue = ({ turn }: Repeated): boolean =>
    performance.now() - began < minutes * 60_000 ||
    (turn === 0 && (full || injectedIn(result) < fewestFaults));
  const waiting = batchesOf(options);
  if (waiting.length === 0) throw new Error("no trial fits");
  const planned = waiting.flat();
  say(`${planned.length} trials in ${waiting.length} lanes, ${lanes} at once, seed ${options.seed}`);
  let free = lanes;
  const running = new Set<Promise<void>>();
  const begin = (batch: readonly Repeated[]): void => {
    free -= lanesOf(batch);
    const run = runBatch(batch, isDue, options, result).finally(() => {
      free += lanesOf(batch);
      running.delete(run);
    });
    running.add(run);
  };
  while (waiting.length > 0 && result.counterExample === null) {
    const at = waiting.findIndex((batch) => running.size === 0 || lanesOf(batch) <= free);
    const [batch] = at < 0 ? [] : waiting.splice(at, 1);
    if (batch === undefined) await Promise.race(running);
    else begin(batch);
  }
  await Promise.all(running);
  if (result.counterExample === null) result.leftOut = untried(planned, result);
  result.tookMs = performance.now() - began;
  return result;
}

function untried(planned: readonly Repeated[], { results }: CampaignResult): string[] {
  const tried = new Set(results.map(({ name, store }) => nameOf(name, store)));
  const names = new Set(planned.map(({ trial, store }) => nameOf(trial.name, store)));
  return [...names].filter((name) => !tried.has(name));
}

const fewestFaults = 100;
const mostTrials = 13;
/**
 * How many lanes one counts for. Senders and stand-ins of all lanes run in this process: beside several heavy ones the
 * answers of others would be late, and that would be told of Signalman.
 */
function lanesOf(batch: readonly Repeated[]): number {
  return isHeavy(batch) ? 1.5 : 1;
}

function isHeavy(batch: readonly Repeated[]): boolean {
  return batch[0]?.trial.lane.heavy === true;
}

/** Trials that need the same lane, in an order drawn from the seed, cut so that no lane takes too many; first turns first. */
function batchesOf({ trials, stores, full, only, seed }: CampaignOptions): Repeated[][] {
  // Quick, each is tried on one of its stores, drawn from the seed, the same for all that can share a lane; asked for,
  // wherever it fits.
  const storesOf = ({ lane, stores: fitting = stores }: Trial): readonly StoreName[] => {
    const possible = stores.filter((store) => fitting.includes(store));
    if (full || only !== undefined || possible.length === 0) return possible;
    return [createRandom(`${seed}/${lane.name}`).pick(possible)];
  };
  const wanted = stores.flatMap((store) =>
    trials
      .filter((trial) => storesOf(trial).includes(store))
      .filter(({ name }) => only === undefined || nameOf(name, store).includes(only))
      .flatMap((trial) => {
        const { quick = 1, full: most = 5 } = trial.times ?? {};
        // Asked for, it is tried.
        const often = full ? most : Math.max(quick, only === undefined ? 0 : 1);
        return Array.from({ length: often }, (_, turn): Repeated => ({ trial, store, turn }));
      }),
  );
  const random = createRandom(seed);
  const groups = Map.groupBy(wanted, ({ trial, store, turn }) => `${trial.lane.name} ${store} ${turn === 0}`);
  const batches = [...groups.values()].flatMap((group) => {
    const order = shuffled(group, () => random.next());
    const most = order[0]?.trial.lane.mostTrials ?? mostTrials;
    const parts = Math.ceil(order.length / most);
    return Array.from({ length: parts }, (_, part) => order.filter((__, index) => index % parts === part));
  });
  const isFirst = ([one]: readonly Repeated[]): boolean => one?.turn === 0;
  // Quick, what there is no time for should be another each time; full, the end should not be one long lane alone.
  const first = batches.filter(isFirst);
  const ordered = full ? first.toSorted((a, b) => b.length - a.length) : shuffled(first, () => random.next());
  return [
    // The heavy ones beside each other.
    ...ordered.toSorted((a, b) => Number(isHeavy(b)) - Number(isHeavy(a))),
    // Whenever time is up, some of everything was tried again.
    ...shuffled(
      batches.filter((batch) => !isFirst(batch)),
      () => random.next(),
    ),
  ];
}

export function injectedIn({ results }: Pick<CampaignResult, "results">): number {
  return results.reduce((sum, each) => sum + each.injected, 0);
}

export function nameOf(name: string, store: StoreName): string {
  return `${name} · ${store}`;
}

function shuffled<T>(values: readonly T[], next: () => number): T[] {
  return values
    .map((value) => ({ value, key: next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

async function runBatch(
  batch: readonly Repeated[],
  isDue: (one: Repeated) => boolean,
  options: CampaignOptions,
  result: CampaignResult,
): Promise<void> {
  const [first] = batch;
  if (first === undefined || !isDue(first)) return;
  let lane: Lane | null = null;
  let now = first;
  try {
    lane = await openLane(first.trial.lane, first.store, options.patches);
    for (now of batch) {
      if (result.counterExample !== null) return;
      if (!isDue(now)) break;
      await runTrial(now, lane, options, result);
    }
    await closeBooks(lane, result);
  } catch (error) {
    result.counterExample ??= {
      trial: now.trial.name,
      store: first.store,
      seed: options.seed,
      fault: error instanceof NotHeld ? error.fault : "unexplained",
      what: error instanceof NotHeld ? error.what : [messageOf(error)],
      trace: [...(lane?.trace() ?? []), ...(lane === null ? [] : await leftToDo(lane))],
      log: lane?.log() ?? "",
    };
  } finally {
    await close(lane, options.say);
  }
}

/** The work that Signalman has still to do, with its errors; nothing where the database cannot be asked. */
async function leftToDo(lane: Lane): Promise<string[]> {
  try {
    return await lane.withPool(async (pool) => {
      const { rows } = await pool.query<{ line: string }>(
        `select concat_ws(' ', 'left to do, by', to_char(now(), 'HH24:MI:SS'), '·', stage, subject, status, 'due', to_char(due_at, 'HH24:MI:SS'),
           'lease', to_char(lease_until, 'HH24:MI:SS'), 'tries', attempt, left(error, 200)) as line
         from signalman.outbox order by due_at limit 20`,
      );
      return rows.map(({ line }) => line);
    });
  } catch (error) {
    return [`the database could not be asked: ${messageOf(error)}`];
  }
}

/** What goes wrong at the end of a lane that was judged already is said and no more. */
async function close(lane: Lane | null, say: (line: string) => void): Promise<void> {
  try {
    await lane?.[Symbol.asyncDispose]();
  } catch (error) {
    say(`closing a lane: ${messageOf(error)}`);
  }
}

async function runTrial(
  { trial, store, turn }: Repeated,
  lane: Lane,
  { seed, say }: CampaignOptions,
  result: CampaignResult,
): Promise<void> {
  const name = nameOf(trial.name, store);
  lane.note(`── ${name}${turn === 0 ? "" : `, turn ${turn + 1}`}`);
  const began = performance.now();
  const injected = await trial.run(lane, createRandom(`${seed}/${name}/${turn}`));
  await drain(lane);
  refuse(judge(await gatherRecords(lane)));
  const tookMs = performance.now() - began;
  result.results.push({ name: trial.name, kind: trial.kind, store, injected, tookMs });
  say(`${name}: ${injected} injected, ${(tookMs / 1000).toFixed(1)} s`);
}

/** What is looked at once a lane: the chain as an auditor verifies it, and the sums. */
async function closeBooks(lane: Lane, result: CampaignResult): Promise<void> {
  const verdict = judge(await gatherRecords(lane));
  refuse(verdict);
  const { code, output } = await runSignalman(["audit", "verify"], lane.folder, lane.env, 60_000);
  if (code !== 0 || !/intact/i.test(output))
    throw new NotHeld("unexplained", [`I7: audit verify ended with ${code}: ${output}`]);
  const { numbers, uncertain } = verdict;
  for (const name of numberNames) result.numbers[name] += numbers[name];
  for (const name of uncertainNames) result.uncertain[name] += uncertain[name];
}

class NotHeld extends Error {
  override readonly name = "NotHeld";
  readonly fault: Fault;
  readonly what: string[];
  constructor(fault: Fault, what: string[]) {
    super(what.join("; "));
    this.fault = fault;
    this.what = what;
  }
}

function refuse({ findings }: Verdict): void {
  const [first] = findings;
  if (first === undefined) return;
  throw new NotHeld(
    first.fault,
    findings.map(({ fault, invariant, what }) => `${invariant}, ${fault}: ${what}`),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

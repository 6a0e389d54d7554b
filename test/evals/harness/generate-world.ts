import {
  backgroundChanges,
  type FlagMove,
  type MoveKind,
  moveKinds,
  randomMove,
  sharesOf,
} from "./generate-flags.ts";
import { createRandom, type Random } from "../../support/random.ts";
import {
  type Effect,
  type Harm,
  isNoticeable,
  queriesOf,
  randomService,
  seriesPerVariation,
  type ServiceModel,
} from "./service-model.ts";
import { type Scraping, World } from "./world.ts";

/**
 * Worlds with a known truth, drawn from a seed. A service is made of requests, a harm meets a share of them, and
 * whatever metrics and alert show follows from that. What decides here is when something really happened, never what
 * a drafter could make of it: no figure of this file is taken from one.
 */
export function generateWorld(seed: number, series: SeriesKind = "averaged"): World {
  const random = createRandom(`world ${seed}`);
  const kind: WorldKind = worldKinds[seed % worldKinds.length] ?? "cause unseen";
  const draft = makers[kind](random);
  const named = { ...draft, name: `world-${seed}`, class: kind, seed: `world-${seed}` };
  return World.parse(series === "averaged" ? named : { ...named, scraping: scraping(random) });
}

/** Values with noise, averaged over windows; or counters that are scraped and read as Prometheus reads them. */
export const seriesKinds = ["averaged", "scraped"] as const;
export type SeriesKind = (typeof seriesKinds)[number];

function scraping(random: Random): Scraping {
  return {
    everySeconds: random.pick([10, 15, 15, 30, 60]),
    lost: random.chance(0.3) ? random.between(0, 0.08) : 0,
    sigma: random.between(0.4, 0.8),
    unrest: random.between(0, 0.3),
  };
}

type Draft = Omit<World, "name" | "class" | "seed">;

const worldKinds = [
  "flag toggled",
  "rollout, total only",
  "rollout, by variation",
  "rule or off variation",
  "multivariate",
  "slow effect, by variation",
  "slow effect, total only",
  "low traffic",
  "deploy, innocent flags",
  "cause unseen",
  "flag and deploy together",
  "two flags together",
  "recovered",
  "missing telemetry",
  "season only",
  "innocent variation",
  "changed too late",
  "too small to matter",
] as const;
type WorldKind = (typeof worldKinds)[number];

type Maker = (random: Random) => Partial<Draft>;

const makers: Readonly<Record<WorldKind, Maker>> = {
  "flag toggled": (random) => guilty(random, ["toggle"], {}),
  "rollout, total only": (random) => guilty(random, ["rollout", "step", "everyone"], {}),
  "rollout, by variation": (random) => guilty(random, ["rollout", "step"], { labelled: true }),
  "rule or off variation": (random) => guilty(random, ["rule", "off_variation"], {}),
  multivariate: (random) => guilty(random, ["multivariate"], { labelled: random.chance(0.5) }),
  "slow effect, by variation": (random) =>
    guilty(random, ["rollout", "step"], { labelled: true, slow: true }),
  "slow effect, total only": (random) => guilty(random, moveKinds, { slow: true, mayAbstain: true }),
  "low traffic": (random) =>
    guilty(random, ["toggle", "everyone"], { requestsPerMinute: random.between(15, 90) }),
  "deploy, innocent flags": (random) => unguilty(random, { deploy: true, nearby: true }),
  "cause unseen": (random) => unguilty(random, {}),
  "flag and deploy together": flagAndDeploy,
  "two flags together": twoFlags,
  recovered: (random) => guilty(random, moveKinds, { over: true }),
  "missing telemetry": missingTelemetry,
  "season only": seasonOnly,
  "innocent variation": innocentVariation,
  "changed too late": (random) => unguilty(random, { late: true }),
  "too small to matter": (random) => unguilty(random, { tiny: true }),
};

interface GuiltyOptions {
  labelled?: boolean;
  slow?: boolean;
  mayAbstain?: boolean;
  over?: boolean;
  requestsPerMinute?: number;
}

/** One flag change is the cause. */
function guilty(random: Random, kinds: readonly MoveKind[], options: GuiltyOptions): Partial<Draft> {
  const { labelled = false, slow = false, over = false } = options;
  for (;;) {
    const model = {
      ...randomService(random),
      ...(options.requestsPerMinute === undefined ? {} : { requestsPerMinute: options.requestsPerMinute }),
    };
    const harm = randomHarm(random);
    const begun = course(random, model, slow);
    // What is over has been so for long enough that it shows.
    const endedAgo = over ? model.window + random.between(3, 12) : 0;
    const later = over ? endedAgo + random.between(2, 15) : 0;
    const times: Course = { ...begun, onsetAgo: begun.onsetAgo + later, alertAgo: begun.alertAgo + later };
    const move = randomMove(random.pick(kinds), times.onsetAgo + propagation(random), random);
    const { before, after } = sharesOf(move);
    const effect: Effect = {
      ago: times.onsetAgo,
      over: times.over,
      share: after,
      harm,
      ...(over ? { until: endedAgo } : {}),
    };
    if (after <= before || !isNoticeable(model, { ...effect, share: after - before })) continue;
    // What the variation did already before its share grew belongs to the usual level.
    const usual: Effect[] = before === 0 ? [] : [{ ago: 200, over: 0, share: before, harm }];
    const queries = queriesOf(model, [...usual, effect], random);
    return {
      ...frame(random, times),
      flags: { ...backgroundChanges(random, backgroundRate(random)), suspect: move.story },
      metrics: labelled
        ? { ...queries, by_variation: cohortsOf(random, model, move, { before, after }, effect, harm) }
        : queries,
      truth: over
        ? { cause: ["recovered", "unknown", "other"], flags: {}, mayAbstain: false }
        : {
            cause: ["flag"],
            flags: { suspect: { harmful: move.gained } },
            mayAbstain: options.mayAbstain ?? false,
          },
    };
  }
}

interface UnguiltyOptions {
  deploy?: boolean;
  /** A flag is changed within half an hour of the trouble's cause. */
  nearby?: boolean;
  late?: boolean;
  tiny?: boolean;
}

/** The cause is a deploy, or something that nobody sees. Flags are changed for other reasons. */
function unguilty(
  random: Random,
  { deploy = false, nearby = false, late = false, tiny = false }: UnguiltyOptions,
): Partial<Draft> {
  const model = randomService(random);
  const times = course(random, model, false);
  const effect = noticeable(random, model, {
    ago: times.onsetAgo,
    over: random.chance(0.2) ? random.between(1, 8) : times.over,
  });
  const causeAgo = times.onsetAgo + propagation(random);
  const flags = backgroundChanges(random, backgroundRate(random));
  if (nearby)
    flags["nearby"] = randomMove(
      random.pick(moveKinds),
      Math.max(0.3, causeAgo + random.between(-5, 30)),
      random,
    ).story;
  if (late)
    flags["late"] = randomMove(
      random.pick(moveKinds),
      times.onsetAgo * random.between(0.05, 0.75),
      random,
    ).story;
  if (tiny) {
    // One in a hundred users cannot be a tenth of all failures, nor move the slowest twentieth.
    const { story, gained, others } = randomMove("rollout", causeAgo, random);
    const serve = { [others[0] ?? ""]: 99, [gained]: 1 };
    flags["tiny"] = { ...story, changes: story.changes.map((change) => ({ ...change, set: { serve } })) };
    effect.share = random.between(0.4, 1);
    effect.harm = { errors: random.between(0.3, 0.9), slower: 1 };
  }
  const base = frame(random, times);
  const version = `2.${random.integer(0, 90)}.0`;
  return {
    ...base,
    deploys: deploy
      ? [...(base.deploys ?? []), { ago: causeAgo, version, told: false }]
      : (base.deploys ?? []),
    flags,
    metrics: queriesOf(model, [effect], random),
    truth: {
      cause: deploy ? ["deploy", "unknown"] : ["other", "unknown", "deploy"],
      flags: {},
      mayAbstain: false,
    },
  };
}

/** A flag and a version within a minute or two; either may have done it. */
function flagAndDeploy(random: Random): Partial<Draft> {
  const flagDidIt = random.chance(0.5);
  const draft = guilty(random, ["toggle", "everyone"], {});
  const changedAgo = draft.flags?.["suspect"]?.changes[0]?.ago ?? 0;
  const version = `2.${random.integer(0, 90)}.0`;
  // When the version did it, it came before the onset, like the flag.
  const ago = changedAgo + (flagDidIt ? random.between(-1.5, 1.5) : random.between(-0.2, 1.5));
  return {
    ...draft,
    deploys: [{ ago, version, told: false }],
    truth: flagDidIt
      ? { cause: ["flag", "unknown", "deploy"], flags: draft.truth?.flags ?? {}, mayAbstain: true }
      : { cause: ["deploy", "unknown"], flags: {}, mayAbstain: false },
  };
}

function twoFlags(random: Random): Partial<Draft> {
  const draft = guilty(random, ["toggle", "everyone", "rollout"], {
    labelled: random.chance(0.3),
    mayAbstain: true,
  });
  const changedAgo = draft.flags?.["suspect"]?.changes[0]?.ago ?? 0;
  const other = randomMove(
    random.pick(["toggle", "everyone"]),
    Math.max(0.3, changedAgo + random.between(-1.5, 1.5)),
    random,
  );
  return { ...draft, flags: { ...draft.flags, other: other.story } };
}

function missingTelemetry(random: Random): Partial<Draft> {
  const draft = guilty(random, moveKinds, {});
  const truth = { cause: ["unknown" as const, "other" as const], flags: {}, mayAbstain: false };
  const metrics = draft.metrics ?? {};
  switch (random.integer(1, 3)) {
    case 1:
      return { ...draft, truth, fails: ["telemetry"] };
    case 2:
      // The agent that scrapes died before it happened.
      return {
        ...draft,
        truth,
        metrics: Object.fromEntries(
          Object.entries(metrics).map(([id, query]) => [
            id,
            {
              ...query,
              series: query.series.map((series) => ({ ...series, until: (draft.alert?.ago ?? 0) + 20 })),
            },
          ]),
        ),
      };
    default: {
      const blind = Object.entries(metrics).filter(([id]) => id === "memory");
      const failing = Object.entries(metrics)
        .filter(([id]) => id !== "memory")
        .map(([id, query]) => [id, { ...query, fails: "unreachable" as const }] as const);
      return { ...draft, truth, metrics: Object.fromEntries([...blind, ...failing]) };
    }
  }
}

/** The day's traffic passes a threshold; nothing broke. */
function seasonOnly(random: Random): Partial<Draft> {
  const model = { ...randomService(random), spikes: 0 };
  const season = {
    amplitude: random.between(0.3, 0.6),
    minutes: random.between(480, 1440),
    phase: random.between(-0.1, 0.1),
  };
  const times = course(random, model, false);
  const queries = queriesOf(model, [], random);
  return {
    ...frame(random, times),
    flags: backgroundChanges(random, backgroundRate(random)),
    metrics: Object.fromEntries(
      Object.entries(queries).map(([id, query]) => [
        id,
        id === "memory" ? query : { ...query, series: query.series.map((series) => ({ ...series, season })) },
      ]),
    ),
    truth: { cause: ["other", "unknown", "recovered"], flags: {}, mayAbstain: false },
  };
}

/** A rollout just before the trouble; series per variation show that every variation suffers. */
function innocentVariation(random: Random): Partial<Draft> {
  const model = randomService(random);
  const times = course(random, model, false);
  const effect = noticeable(random, model, { ago: times.onsetAgo, over: times.over });
  let move: FlagMove;
  do move = randomMove(random.pick(["rollout", "step"]), times.onsetAgo + random.between(0.1, 10), random);
  while (sharesOf(move).after >= 1);
  const { before, after } = sharesOf(move);
  const labels = labelNames(random);
  const cohort = (variation: string, share: number, from?: number) => ({
    labels: labels(variation),
    share,
    effects: [effect],
    ...(from === undefined ? {} : { from }),
  });
  return {
    ...frame(random, times),
    flags: { ...backgroundChanges(random, backgroundRate(random)), innocent: move.story },
    metrics: {
      ...queriesOf(model, [effect], random),
      by_variation: seriesPerVariation(model, effect.harm.errors > 0.02 ? "errors" : "latency", [
        cohort(move.others[0] ?? "", 1 - after),
        cohort(move.gained, after, before === 0 ? (move.story.changes[0]?.ago ?? 0) : undefined),
      ]),
    },
    truth: { cause: ["other", "unknown", "deploy"], flags: {}, mayAbstain: false },
  };
}

function cohortsOf(
  random: Random,
  model: ServiceModel,
  { gained, others, story }: FlagMove,
  { before, after }: { before: number; after: number },
  { ago, over }: Effect,
  harm: Harm,
) {
  const labels = labelNames(random);
  const changedAgo = story.changes[0]?.ago ?? ago;
  // Each user of the variation is harmed from the moment of being given it; before, few or none had it.
  const always: Effect = { ago: 200, over: 0, share: 1, harm };
  const growing: Effect = { ago, over, share: 1, harm };
  const other = others[others.length - 1] ?? "base";
  return seriesPerVariation(model, harm.errors > 0.02 ? "errors" : "latency", [
    // Nobody gets it any more, so there is nothing to count.
    { labels: labels(other), share: 1 - after, effects: [], ...(after >= 1 ? { until: changedAgo } : {}) },
    {
      labels: labels(gained),
      share: after,
      effects: [before === 0 && over > 0 ? growing : always],
      ...(before === 0 ? { from: changedAgo } : {}),
    },
  ]);
}

function labelNames(random: Random): (variation: string) => Record<string, string> {
  const name = random.pick(["variation", "variant", "feature_flag_result_variant"]);
  return (variation) => ({ [name]: variation });
}

interface Course {
  onsetAgo: number;
  alertAgo: number;
  /** Minutes until the effect is whole. */
  over: number;
}

/** How long it takes from the trouble's beginning until an alert burns, and from there until somebody looks. */
function course(random: Random, model: ServiceModel, slow: boolean): Course {
  const over = slow ? random.between(4, 20) : random.chance(0.3) ? random.between(0.3, 2) : 0;
  const lookAgo = random.between(0.2, 1.5);
  const noticed = (model.window + over) * random.between(0.3, 0.8) + random.between(0.2, 1);
  const patience = random.pick([0, 1, 2, 5, 5, 10]);
  const onsetAgo = lookAgo + noticed + patience;
  const skew = (random.chance(0.1) ? 1 : 0.15) * random.normal();
  return { onsetAgo, alertAgo: Math.max(0.1, lookAgo + skew), over };
}

/** From the click until the service serves it: streamed at once, or polled, or cached for a while. Minutes. */
function propagation(random: Random): number {
  return random.chance(0.6)
    ? random.between(0.02, 0.1)
    : random.chance(0.8)
      ? random.between(0.1, 1)
      : random.between(1, 3);
}

function randomHarm(random: Random): Harm {
  const errors = random.chance(0.65) ? random.between(0.05, 1) : 0;
  return { errors, slower: errors === 0 || random.chance(0.3) ? random.between(1.8, 10) : 1 };
}

function noticeable(
  random: Random,
  model: ServiceModel,
  { ago, over }: Pick<Effect, "ago" | "over">,
): Effect {
  for (;;) {
    const effect: Effect = { ago, over, share: random.between(0.1, 1), harm: randomHarm(random) };
    if (isNoticeable(model, effect)) return effect;
  }
}

function backgroundRate(random: Random): number {
  return random.pick([0, 0, 0.3, 0.5, 1, 2]);
}

/** What every world has: an alert, now and then a version that has nothing to do with it, perhaps no internal users. */
function frame(
  random: Random,
  { alertAgo }: Course,
): Pick<Draft, "alert" | "deploys" | "hasInternalSegment"> {
  const deploys = Array.from({ length: random.poisson(0.4) }, (_, index) => ({
    ago: random.between(1, 120),
    version: `1.${index + 1}.0`,
    told: false,
  }));
  return {
    alert: { title: "Too many failures, or too slow", summary: "", ago: alertAgo, labels: {} },
    deploys,
    hasInternalSegment: random.chance(0.7),
  };
}

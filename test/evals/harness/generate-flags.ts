import { evaluate } from "../../../src/domain/flag/evaluate.ts";
import type { Random } from "../../support/random.ts";
import type { FlagState, FlagStory } from "./world.ts";
import { population, segmentsAt, snapshotsAt, now } from "./world-flags.ts";
import { World } from "./world.ts";

/** A flag, the change of it that matters, and which variation that change gives to more users. */
export interface FlagMove {
  story: FlagStory;
  gained: string;
  others: string[];
}

const names = [
  ["next", "base"],
  ["v2", "v1"],
  ["new", "old"],
  ["treatment", "control"],
  ["candidate", "stable"],
  ["fast", "safe"],
] as const;

export const moveKinds = [
  "toggle",
  "rollout",
  "step",
  "everyone",
  "multivariate",
  "rule",
  "off_variation",
] as const;
export type MoveKind = (typeof moveKinds)[number];

/** A change `ago` minutes ago of one kind, with everything about it drawn. */
export function randomMove(kind: MoveKind, ago: number, random: Random): FlagMove {
  const by = random.pick(["Maya", "Lena", "Ruth", "Tom", "Access token"]);
  const told = { by, comment: random.pick(["", "", "rollout as planned", "SHOP-812"]), created: false };
  const move = (variations: string[], state: FlagState, set: FlagState, gained: string): FlagMove => ({
    story: { variations, environment: "production", state, changes: [{ ...told, ago, set }] },
    gained,
    others: variations.filter((name) => name !== gained),
  });
  const [next, base] = random.pick(names);
  switch (kind) {
    case "toggle": {
      const on = random.chance(0.7);
      return move(["true", "false"], { on: !on }, { on }, String(on));
    }
    case "rollout": {
      const share = random.pick([5, 10, 20, 25, 30, 50]);
      return move([next, base], { serve: base }, { serve: { [base]: 100 - share, [next]: share } }, next);
    }
    case "step": {
      const [from, to] = random.pick([
        [1, 10],
        [5, 25],
        [5, 50],
        [10, 50],
        [10, 100],
        [25, 100],
      ] as const);
      const serve = (share: number) => ({ [base]: 100 - share, [next]: share });
      return move([next, base], { serve: serve(from) }, { serve: to === 100 ? next : serve(to) }, next);
    }
    case "everyone":
      return move([next, base], { serve: base }, { serve: next }, next);
    case "multivariate": {
      const share = random.pick([30, 50, 100]);
      const set = share === 100 ? { serve: "c" } : { serve: { a: 100 - share, c: share } };
      return move(["c", "b", "a"], { serve: "a" }, set, "c");
    }
    case "rule": {
      const isOneOf = random.pick([["US"], ["DE", "FR"], ["US", "GB"], ["DE", "FR", "GB", "IN"]]);
      const rule = (serve: string) => ({
        rules: [{ id: "by-country", where: { property: "country", isOneOf }, serve }],
      });
      const known = random.chance(0.5);
      return move([next, base], known ? { serve: base, ...rule(base) } : { serve: base }, rule(next), next);
    }
    case "off_variation":
      return move([next, base], { on: false, offServes: base }, { offServes: next }, next);
  }
}

/** Which share of the population is served a variation before and after the last change of a flag, 0..1. */
export function sharesOf({ story, gained }: FlagMove): { before: number; after: number } {
  const [last] = story.changes;
  const world = World.parse({
    name: "",
    class: "",
    seed: "",
    alert: { title: "x", ago: 0 },
    flags: { flag: story },
    metrics: {},
    truth: { cause: ["flag"] },
  });
  const share = (at: number) => {
    const [snapshot] = snapshotsAt(world, "production", at);
    if (snapshot === undefined) return 0;
    const served = population.filter(
      (user) => evaluate(snapshot.flag, segmentsAt(world, at), user).variationId === `id-of-${gained}`,
    );
    return served.length / population.length;
  };
  return { before: share(now - (last?.ago ?? 0) * 60_000 - 1), after: share(now) };
}

/** Changes of other flags at random times, harmless all of them. */
export function backgroundChanges(random: Random, perHour: number, hours = 2): Record<string, FlagStory> {
  const count = random.poisson(perHour * hours);
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const ago = random.between(0.2, hours * 60);
      const { story } = randomMove(random.pick(moveKinds), ago, random);
      const words = random.chance(0.15)
        ? { ...story, changes: story.changes.map((change) => ({ ...change, set: { name: "Better name" } })) }
        : story;
      return [`background_${index + 1}`, words];
    }),
  );
}

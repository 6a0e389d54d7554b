import { evaluate } from "../../../src/domain/flag/evaluate.ts";
import {
  type Flag,
  type FlagRef,
  type FlagSnapshot,
  IN_SEGMENT,
  type RolloutVariation,
  type Segment,
  segmentIdsOf,
  type Variation,
} from "../../../src/domain/flag/flag.ts";
import { type Instant, toInstant } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { GatherFlags } from "../../../src/pipeline/evidence/gather-flag-evidence.ts";
import type { FlagHistoryEntry, SegmentHistoryEntry } from "../../../src/pipeline/ports/flag-platform.ts";
import type { FlagState, FlagStory, Serve, World } from "./world.ts";

/** When every world is investigated. */
export const now = Date.parse("2026-03-04T15:00:00.000Z");
export const minuteMs = 60_000;

export function instantAgo(minutes: number): Instant {
  return toInstant(Math.round(now - minutes * minuteMs));
}

/** The flag platform of a world as it is while the clock of `at` shows a time: everything read-only. */
export function flagPlatform(world: World, at: () => number): GatherFlags {
  async function answer<T>(what: World["fails"][number], value: () => T): Promise<T> {
    if (world.fails.includes(what)) throw new OpsError("unreachable", `FeatBit cannot be reached (${what}).`);
    return value();
  }
  return {
    refOf: (keys, key) => Promise.resolve(refOf(keys.environment, key)),
    list: ({ environment }, select) =>
      answer("list", () =>
        snapshotsAt(world, environment, at()).filter(
          ({ flag }) =>
            !flag.isArchived &&
            (select.keys.includes(flag.key) || flag.tags.some((tag) => select.tags.includes(tag))),
        ),
      ),
    segments: () => answer("segments", () => segmentsAt(world, at())),
    history: ({ environment }, from, to, limit) =>
      answer("history", () => inTime(flagHistory(world, environment), from, to, limit)),
    segmentHistory: (_, from, to, limit) =>
      answer("history", () => inTime(segmentHistory(world), from, to, limit)),
    pendingChanges: () => Promise.resolve([]),
  };
}

function inTime<Entry extends { at: Instant }>(
  entries: Entry[],
  from: Instant,
  to: Instant,
  limit: number,
): Entry[] {
  return entries
    .filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, limit);
}

/** Flags of an environment at a time, epoch ms; archived ones included, removed ones not. */
export function snapshotsAt(world: World, environment: string, at: number): FlagSnapshot[] {
  const segments = segmentsAt(world, at);
  return storiesOf(world, environment).flatMap(([key, story]) => {
    const flag = statesOf(key, story).findLast((state) => state.from <= at)?.flag ?? null;
    if (flag === null) return [];
    const used = new Set(segmentIdsOf(flag));
    return [{ ref: refOf(environment, key), flag, segments: segments.filter(({ id }) => used.has(id)) }];
  });
}

export function segmentsAt(world: World, at: number): Segment[] {
  const own = Object.entries(world.segments).map(([key, { included, countries, changes }]) => {
    const latest = changes
      .filter(({ ago }) => now - ago * minuteMs <= at)
      .toSorted((a, b) => b.ago - a.ago)
      .at(-1);
    return segmentOf(key, included, latest?.countries ?? countries);
  });
  const staff = Array.from({ length: 20 }, (_, index) => `user-${index * 50}`);
  return world.hasInternalSegment ? [...own, segmentOf("internal", staff, [])] : own;
}

/** Who is served a variation, as FeatBit would: keys of the users of a population of 1000. */
export function usersServed(flag: Flag, segments: readonly Segment[], variation: string): Set<string> {
  const id = flag.variations.find(({ name }) => name === variation)?.id;
  const served = population.filter((user) => evaluate(flag, segments, user).variationId === id);
  return new Set(served.map(({ key }) => key));
}

const countries = ["US", "US", "US", "US", "DE", "DE", "FR", "GB", "IN", "BR"] as const;

export const population = Array.from({ length: 1000 }, (_, index) => ({
  key: `user-${index}`,
  attributes: { country: countries[index % 10] ?? "US", plan: index % 5 === 0 ? "pro" : "free" },
}));

interface State {
  /** Epoch milliseconds. */
  from: number;
  flag: Flag | null;
}

function statesOf(key: string, story: FlagStory): State[] {
  const [first] = ordered(story);
  let flag: Flag | null = flagOf(key, story);
  const states: State[] = [{ from: -Infinity, flag: first?.created === true ? null : flag }];
  for (const [index, { ago, set }] of ordered(story).entries()) {
    flag = set === null || flag === null ? null : changed(flag, set, `${key}-r${index + 1}`, instantAgo(ago));
    states.push({ from: now - ago * minuteMs, flag });
  }
  return states;
}

function flagHistory(world: World, environment: string): FlagHistoryEntry[] {
  const ofFlags = storiesOf(world, environment).flatMap(([key, story]) => {
    const states = statesOf(key, story);
    return ordered(story).map(({ ago, by, comment }, index) => ({
      auditId: `audit-${environment}-${key}-${index}`,
      at: instantAgo(ago),
      author: authorOf(by),
      comment,
      before: states[index]?.flag ?? null,
      after: states[index + 1]?.flag ?? null,
    }));
  });
  // FeatBit writes such an entry on every flag that names a segment which was changed.
  const bySegments = Object.entries(world.segments).flatMap(([segmentKey, { changes }]) =>
    changes.flatMap(({ ago, by }, index) =>
      snapshotsAt(world, environment, now - ago * minuteMs)
        .filter(({ flag }) => segmentIdsOf(flag).includes(segmentIdOf(segmentKey)))
        .map(({ flag }) => ({
          auditId: `audit-${environment}-${flag.key}-segment-${segmentKey}-${index}`,
          at: instantAgo(ago),
          author: authorOf(by),
          comment: `Referenced segment '${segmentKey}' has been updated.`,
          before: flag,
          after: flag,
        })),
    ),
  );
  return [...ofFlags, ...bySegments];
}

function segmentHistory(world: World): SegmentHistoryEntry[] {
  return Object.entries(world.segments).flatMap(([key, { included, countries: first, changes }]) =>
    changes
      .toSorted((a, b) => b.ago - a.ago)
      .map(({ ago, by, countries: after }, index, all) => ({
        auditId: `audit-segment-${key}-${index}`,
        at: instantAgo(ago),
        author: authorOf(by),
        comment: "",
        before: segmentOf(key, included, all[index - 1]?.countries ?? first),
        after: segmentOf(key, included, after),
      })),
  );
}

function storiesOf(world: World, environment: string): [string, FlagStory][] {
  return Object.entries(world.flags)
    .filter(([, story]) => story.environment === environment)
    .map(([name, story]) => [name.replace(/@.*$/, ""), story]);
}

function ordered({ changes }: FlagStory): FlagStory["changes"] {
  return changes.toSorted((a, b) => b.ago - a.ago);
}

function refOf(environment: string, key: string): FlagRef {
  return { project: "shop", environment, environmentId: `env-${environment}`, key };
}

/** As the adapter gives it: only a person has an address. */
function authorOf(name: string): FlagHistoryEntry["author"] {
  if (name === "Access token") return { name: "signalman (access token)", email: null };
  return { name, email: `${name.toLowerCase().replaceAll(/[^a-z]/g, "")}@shop.example` };
}

const segmentIdOf = (key: string): string => `segment-${key}`;

function segmentOf(key: string, included: string[], among: readonly string[]): Segment {
  const condition = { id: `${key}-c1`, property: "country", op: "IsOneOf", value: JSON.stringify(among) };
  return {
    id: segmentIdOf(key),
    name: key,
    key,
    included,
    excluded: [],
    rules: among.length === 0 ? [] : [{ id: `${key}-rule`, name: "", conditions: [condition] }],
    updatedAt: instantAgo(50_000),
    isArchived: false,
  };
}

function flagOf(key: string, { variations = ["true", "false"], state }: FlagStory): Flag {
  const all: Variation[] = variations.map((name) => ({ id: idOf(name), name, value: name }));
  const base: Flag = {
    id: `flag-${key}`,
    revision: `${key}-r0`,
    key,
    name: key.replaceAll(/[-_]/g, " "),
    description: "",
    tags: ["shop"],
    createdAt: instantAgo(90_000),
    updatedAt: instantAgo(50_000),
    isArchived: false,
    isEnabled: true,
    variationType: variations.every((name) => name === "true" || name === "false") ? "boolean" : "string",
    variations: all,
    targetUsers: [],
    rules: [],
    fallthrough: { dispatchKey: null, includedInExpt: false, variations: slices(variations[0] ?? "") },
    exptIncludeAllTargets: true,
    disabledVariationId: idOf(variations.at(-1) ?? ""),
  };
  return changed(base, state, base.revision, base.updatedAt);
}

function changed(flag: Flag, state: FlagState, revision: string, at: string): Flag {
  const { on, serve, rules, targets, offServes, archived, name, description, tags } = state;
  return {
    ...flag,
    revision,
    updatedAt: at,
    isEnabled: on ?? flag.isEnabled,
    isArchived: archived ?? flag.isArchived,
    name: name ?? flag.name,
    description: description ?? flag.description,
    tags: tags ?? flag.tags,
    disabledVariationId: offServes === undefined ? flag.disabledVariationId : idOf(offServes),
    fallthrough: serve === undefined ? flag.fallthrough : { ...flag.fallthrough, variations: slices(serve) },
    targetUsers:
      targets === undefined
        ? flag.targetUsers
        : Object.entries(targets).map(([variation, keyIds]) => ({ variationId: idOf(variation), keyIds })),
    rules: rules?.map((rule) => ruleOf(rule)) ?? flag.rules,
  };
}

function ruleOf({
  id,
  segment,
  where,
  serve,
}: NonNullable<FlagState["rules"]>[number]): Flag["rules"][number] {
  const condition =
    segment === undefined
      ? { property: where?.property ?? "", op: "IsOneOf", value: JSON.stringify(where?.isOneOf ?? []) }
      : { property: IN_SEGMENT, op: "", value: JSON.stringify([segmentIdOf(segment)]) };
  return {
    id,
    name: id,
    dispatchKey: null,
    includedInExpt: false,
    conditions: [{ id: `${id}-c1`, ...condition }],
    variations: slices(serve),
  };
}

function slices(serve: Serve): RolloutVariation[] {
  let end = 0;
  return Object.entries(typeof serve === "string" ? { [serve]: 100 } : serve).map(([name, percent]) => {
    const start = end;
    end = Math.round((end + percent / 100) * 1e5) / 1e5;
    return { id: idOf(name), rollout: [start, end], exptRollout: 1 };
  });
}

function idOf(variation: string): string {
  return `id-of-${variation}`;
}

import type { EvidenceGap } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { FlagRef, FlagSnapshot } from "../../domain/flag/flag.ts";
import type { Instant } from "../../domain/ids.ts";
import type { IncidentScope } from "../../domain/incident/events.ts";
import { type EnvironmentKeys, mayTouch, type Service } from "../../domain/service.ts";
import { describeFlagChange, describeFlagChangeElsewhere } from "./describe-flag-change.ts";
import { describeFlagState } from "./describe-flag-state.ts";
import type { Found } from "./evidence-source.ts";
import type { FlagHistoryEntry, FlagReader } from "../ports/flag-platform.ts";
import { gapOf, type Sourced, valueOr, withinBudget } from "./within-budget.ts";

/** What of the flag platform gathering uses: reading only. */
export type GatherFlags = Pick<
  FlagReader,
  "refOf" | "list" | "segments" | "history" | "segmentHistory" | "pendingChanges"
>;

export interface FlagQuestion {
  flags: GatherFlags;
  service: Service;
  scope: IncidentScope;
  from: Instant;
  to: Instant;
  /** What every source may take; all are asked at the same time. */
  budgetMs: number;
}

const historyLimit = 200;
const elsewhereLimit = 50;
const mostEnvironments = 8;
/** Flags that are asked for what waits to be applied to them; each is a request of its own. */
const mostPending = 15;

/** What changed of the service's flags, what they are now, and what changed in its other environments. */
export async function gatherFlagEvidence(question: FlagQuestion): Promise<Found> {
  const [here, elsewhere] = await Promise.all([fromHere(question), fromElsewhere(question)]);
  return { items: [...here.items, ...elsewhere.items], gaps: [...here.gaps, ...elsewhere.gaps] };
}

async function fromHere({ flags, service, scope, from, to, budgetMs }: FlagQuestion): Promise<Found> {
  const keys = keysOf(scope);
  const began = performance.now();
  const ask = <T>(work: () => Promise<T>) => withinBudget(work, budgetMs);
  const listed = ask(() => flags.list(keys, service.flags));
  const [history, states, segments, segmentHistory, pending, place] = await Promise.all([
    ask(() => flags.history(keys, from, to, historyLimit)),
    listed,
    ask(() => flags.segments(keys)),
    ask(() => flags.segmentHistory(keys, from, to, historyLimit)),
    listed.then((states) => {
      const leftMs = Math.max(0, budgetMs - (performance.now() - began));
      return withinBudget(() => pendingOf(flags, valueOr(states, [])), leftMs);
    }),
    ask(() => flags.refOf(keys, "-")),
  ]);
  const known = [...valueOr(segments, []), ...valueOr(states, []).flatMap((state) => state.segments)];
  const changes = valueOr(history, [])
    .filter((entry) => touches(service, entry))
    .flatMap((entry) => {
      const key = entry.after?.key ?? entry.before?.key;
      const current = currentOf(states, key);
      const ref = refIn(place, current, key);
      const context = { current, segments: known, segmentEntries: valueOr(segmentHistory, []) };
      return ref === null ? [] : [describeFlagChange(entry, ref, context)];
    });
  const waiting = valueOr(pending, null);
  const flagStates = valueOr(states, []).map((state) =>
    describeFlagState(state, waiting?.get(state.ref.key) ?? null, to),
  );
  return {
    items: [...changes, ...flagStates],
    gaps: [
      ...gapOf("flag changes", history, "Whether a flag was changed is not known."),
      ...cutGap("flag changes", history, historyLimit),
      ...gapOf("flag states", states, "Whether a change is still in effect is not known."),
      ...gapOf("segments", segments, "Who is in a segment is not known."),
      ...segmentGap(changes, segmentHistory),
      // Where the flags themselves could not be listed, that is said already.
      ...(states.kind === "gap"
        ? []
        : gapOf("pending changes", pending, "A schedule in FeatBit may overwrite what is done now.")),
    ],
  };
}

/** Matters only where a segment did change. */
function segmentGap(
  changes: readonly { segmentName: string | null }[],
  sourced: Sourced<unknown>,
): EvidenceGap[] {
  if (!changes.some(({ segmentName }) => segmentName !== null)) return [];
  return gapOf("segment changes", sourced, "Who joined or left a segment is not known.");
}

async function pendingOf(flags: GatherFlags, listed: readonly FlagSnapshot[]) {
  const asked = listed.slice(0, mostPending);
  const answers = await Promise.all(
    asked.map(async ({ ref }) => [ref.key, await flags.pendingChanges(ref)] as const),
  );
  return new Map(answers);
}

/** The service's other environments, wherever they are: its flags may be rolled out there first. */
async function fromElsewhere(question: FlagQuestion): Promise<Found> {
  const { service, scope } = question;
  const others = Object.entries(service.environments).filter(([name]) => name !== scope.environmentName);
  const found = await Promise.all(
    others.slice(0, mostEnvironments).map(([name, keys]) => fromEnvironment(name, keys, question)),
  );
  const left = others.length - mostEnvironments;
  const reason = `${left} of the service's other environments were not looked at.`;
  return {
    items: found.flatMap(({ items }) => items),
    gaps: [
      ...found.flatMap(({ gaps }) => gaps),
      ...(left > 0 ? [{ source: "other environments", reason }] : []),
    ],
  };
}

async function fromEnvironment(
  name: string,
  keys: EnvironmentKeys,
  { flags, service, from, to, budgetMs }: FlagQuestion,
): Promise<Found> {
  const [history, place] = await Promise.all([
    withinBudget(() => flags.history(keys, from, to, elsewhereLimit), budgetMs),
    withinBudget(() => flags.refOf(keys, "-"), budgetMs),
  ]);
  const items = valueOr(history, [])
    .filter((entry) => touches(service, entry))
    .flatMap((entry) => {
      const ref = refIn(place, undefined, entry.after?.key ?? entry.before?.key);
      return ref === null ? [] : [describeFlagChangeElsewhere(entry, ref, name)];
    });
  const source = `other environment ${outsideText(name, 60)}`;
  return { items, gaps: gapOf(source, history, "Whether its flags changed is not known.") };
}

/** A flag is the service's by what it was or by what it is: a tag taken away does not hide a change. */
function touches(service: Service, { before, after }: FlagHistoryEntry): boolean {
  return [before, after].some((flag) => flag !== null && mayTouch(service, flag));
}

function currentOf(
  states: Sourced<FlagSnapshot[]>,
  key: string | undefined,
): FlagSnapshot | null | undefined {
  return states.kind === "gap" ? undefined : (states.value.find(({ ref }) => ref.key === key) ?? null);
}

function refIn(
  place: Sourced<FlagRef>,
  current: FlagSnapshot | null | undefined,
  key: string | undefined,
): FlagRef | null {
  if (key === undefined) return null;
  if (current) return current.ref;
  return place.kind === "value" ? { ...place.value, key } : null;
}

function keysOf({ project, environment }: IncidentScope): EnvironmentKeys {
  return { project, environment };
}

function cutGap(source: string, sourced: Sourced<unknown[]>, limit: number): EvidenceGap[] {
  if (valueOr(sourced, []).length < limit) return [];
  return [{ source, reason: `Only the newest ${limit} audit entries were read.` }];
}

import { openStatuses } from "../../domain/change/change.ts";
import { type Instant, later } from "../../domain/ids.ts";
import { mutedUntil, type MuteState } from "../../domain/mute/mute.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { EnvironmentKeys, Service } from "../../domain/service.ts";
import type { Controls } from "../ports/controls.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { Desk, FlagInPlace, Status } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { readFeedback } from "./give-feedback.ts";
import { StoryId } from "../../domain/story/story.ts";
import { readStory } from "../read-story.ts";
import { readIncident } from "./read-incident.ts";
import { readLowered } from "./read-lowered.ts";
import { staleFlags } from "./stale-flags.ts";

export interface DeskDeps {
  store: Store;
  flags: FlagReader;
  controls: Controls;
  services: readonly Service[];
  queueBackend: Status["queueBackend"];
  /** In words: the model's name, or that rules draft; null where another process drafts. */
  drafter: string | null;
  /** What the checkpointer of this process found wrong. */
  ledgerFault: () => string | null;
}

const listed = 50;
const shownChanges = 5;
const historyMs = 7 * 86_400_000;
const longHistoryMs = 30 * 86_400_000;
const feedbackMs = 7 * 86_400_000;

/** What people read: incidents, changes, flags and how Signalman itself is doing. */
export function desk(deps: DeskDeps): Desk {
  const { ledger } = deps.store;
  return {
    incident: (id) => readIncident(id, deps),
    change: async (id) => (await ledger.change(id))?.state ?? null,
    pending: async () => {
      const changes = await ledger.changes({ statuses: openStatuses, order: "oldest_first", limit: listed });
      return changes.map((change) => change.state);
    },
    cleanup: async () => {
      const [due, unclosed] = await Promise.all([
        ledger.changes({ reviewBefore: await deps.store.now(), order: "oldest_first", limit: listed }),
        ledger.changes({ statuses: ["applied"], order: "oldest_first", limit: listed }),
      ]);
      return [...due, ...unclosed].map((change) => change.state);
    },
    status: () => statusOf(deps),
    mutes: async () => mutedNow(deps, await deps.store.now()),
    lowered: () => readLowered(deps.store),
    standings: async () => (await ledger.standings(await deps.store.now())).map(({ state }) => state),
    services: () => deps.services.map(({ name }) => name),
    quarantined: (limit, sourceId) => deps.store.inbox.quarantined(limit, sourceId),
    environments: () =>
      deps.services.flatMap((service) =>
        Object.entries(service.environments).map(([name, keys]) => ({
          service: service.name,
          name,
          ...keys,
        })),
      ),
    flags: async ({ project, environment }) => ({
      project,
      environment,
      flags: await deps.flags.overview({ project, environment }),
    }),
    flag: (key) => flagEverywhere(key, { withinMs: historyMs, most: shownChanges }, deps),
    flagChanges: async (key) => {
      const [places, own] = await Promise.all([
        flagEverywhere(key, { withinMs: longHistoryMs, most: listed }, deps),
        ledger.changes({ flagKey: key, limit: listed }),
      ]);
      return { places, own: own.map(({ state }) => state) };
    },
    staleFlags: () => staleFlags(deps),
    story: (id) => {
      const known = StoryId.safeParse(id);
      return known.success ? readStory(deps.store, known.data) : Promise.resolve(null);
    },
  };
}

async function statusOf(deps: DeskDeps): Promise<Status> {
  const { store } = deps;
  const now = await store.now();
  const [incidents, pending, waiting, parked, sources, mutes, feedback, reading, entries, checkpoint] =
    await Promise.all([
      store.ledger.incidents({ open: true, limit: 1000 }),
      store.ledger.changes({ statuses: ["awaiting_approval"], limit: 1000 }),
      store.work.waiting(now, 1000),
      store.work.parked(10),
      store.inbox.counts(),
      mutedNow(deps, now),
      readFeedback(store, { from: later(now, -feedbackMs), to: later(now, 1) }),
      deps.controls.read({
        incidentId: "status",
        service: "",
        environment: "",
        project: "",
        tool: "",
        riskClass: "",
        severity: "",
        source: "",
        agent: "signalman",
      }),
      store.ledger.size(),
      store.checkpoints.newest(),
    ]);
  return {
    database: "up",
    queueBackend: deps.queueBackend,
    drafter: deps.drafter,
    openIncidents: incidents.length,
    pendingApprovals: pending.length,
    waitingWork: waiting.length,
    parkedWork: parked,
    quarantined: sources.reduce((sum, { quarantined }) => sum + quarantined, 0),
    sources,
    heldBack: incidents.filter(({ state: { mutedUntil } }) => mutedUntil !== null && mutedUntil > now).length,
    mutes,
    feedback,
    controls: reading.evaluations,
    ledger: {
      entries,
      checkpoint: checkpoint === null ? null : { size: checkpoint.size, at: checkpoint.at },
      fault: deps.ledgerFault(),
    },
  };
}

async function mutedNow({ store }: DeskDeps, now: Instant): Promise<MuteState[]> {
  const mutes = await store.ledger.mutes();
  return mutes.map(({ state }) => state).filter((mute) => mutedUntil(mute, now) !== null);
}

/** Each environment of the catalogue once, whichever services share it. */
function environmentsOf(services: readonly Service[]): EnvironmentKeys[] {
  const all = services.flatMap((service) => Object.values(service.environments));
  return [...new Map(all.map((keys) => [`${keys.project}/${keys.environment}`, keys])).values()];
}

interface History {
  withinMs: number;
  most: number;
}

async function flagEverywhere(key: string, history: History, deps: DeskDeps): Promise<FlagInPlace[]> {
  const places = environmentsOf(deps.services);
  const found = await Promise.all(places.map((keys) => flagIn(keys, key, history, deps)));
  return found.flatMap((entry) => entry ?? []);
}

async function flagIn(keys: EnvironmentKeys, flagKey: string, { withinMs, most }: History, deps: DeskDeps) {
  const { flags, store } = deps;
  try {
    const ref = await flags.refOf(keys, flagKey);
    const snapshot = await flags.read(ref);
    if (snapshot === null) return null;
    const now = await store.now();
    const entries = await flags.history(keys, later(now, -withinMs), now, 200);
    const history = entries.filter((entry) => (entry.after ?? entry.before)?.key === flagKey).slice(0, most);
    return { snapshot, history, webUrl: flags.webUrl(ref) };
  } catch (error) {
    // A flag need not exist in every environment of the catalogue.
    if (error instanceof OpsError && error.code === "not_found") return null;
    throw error;
  }
}

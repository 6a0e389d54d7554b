import { groupingOf, placeChange, type Placing } from "../../domain/catalogue.ts";
import type { IncidentId, Instant } from "../../domain/ids.ts";
import type { PlacedChange } from "../../domain/outside-change.ts";
import type { Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ParseDelivery, ParsedDelivery } from "../ports/intake.ts";
import type { ClaimedDelivery, Commit, Settlement, Store } from "../ports/storage.ts";
import { followMute } from "../follow-mute.ts";
import { recheckFollowUps } from "../recheck.ts";
import { tellQuarantine } from "../tell.ts";
import { followUpsOf } from "./follow-ups-of.ts";
import { createGiveWay } from "./give-way.ts";
import { hearAlert, type HearDeps } from "./hear-alert.ts";
import { inDeliverySpans, type Traces } from "./in-delivery-spans.ts";
import { poisonOf } from "./poison.ts";
import { createIncidentBoard, type Held, type IncidentBoard, writeOf } from "./incident-board.ts";

export interface TakeInDeps extends HearDeps {
  store: Store;
  parse: ParseDelivery;
  /** How long an incident that goes to and fro must be quiet before it ends. */
  quietMs: number;
}

/**
 * Takes in deliveries of one source, in their order, in one commit: each ends in an incident, noted, or in quarantine.
 * Of one that can be read in part, that part is taken in, and it is in quarantine for the rest.
 * Throws `OpsError` where the store fails, `Poison` where one of them cannot be taken in, and anything else where
 * nobody knows which; then nothing was written.
 */
export async function takeIn(deliveries: readonly ClaimedDelivery[], deps: TakeInDeps): Promise<void> {
  await inDeliverySpans(deliveries, async (traces) =>
    settleParsed(await readAll(deliveries, deps), { ...deps, traces }, new Set()),
  );
}

/** `granted`: the openings that the limit of ten minutes let through in an earlier try. */
async function settleParsed(
  parsed: readonly Parsed[],
  deps: TakeInDeps & { traces: Traces },
  granted: Set<string>,
): Promise<void> {
  await commitDecision(deps.store, async () => {
    const now = await deps.store.now();
    const board = createIncidentBoard(deps.store.ledger, now, granted, deps.firedBefore);
    const commit = await settleAll(parsed, board, deps, now);
    return {
      kind: "commit" as const,
      commit: withIncidents(commit, board, deps, now),
      after: async (result) => {
        // Another worker opened a group's incident first: the next try joins it.
        if (result.kind === "group_busy") return settleParsed(parsed, deps, granted);
        if (result.kind === "committed") await followMutes(board, deps, now);
      },
    };
  });
}

/** A mute may have been ended while a batch was taken in that goes by it: then nothing would end it for these. */
async function followMutes(board: IncidentBoard, { store }: TakeInDeps, now: Instant): Promise<void> {
  const muted = board
    .changed()
    .filter(({ state: { mutedUntil } }) => mutedUntil !== null && mutedUntil > now);
  for (const service of new Set(muted.map(({ state }) => state.mutedService))) {
    if (service !== null) await followMute(service, store);
  }
}

async function readAll(deliveries: readonly ClaimedDelivery[], deps: TakeInDeps): Promise<Parsed[]> {
  const giveWay = createGiveWay();
  const parsed: Parsed[] = [];
  for (const delivery of deliveries) {
    await giveWay();
    parsed.push({ delivery, content: read(delivery, deps) });
  }
  return parsed;
}

function read(delivery: ClaimedDelivery, { parse }: TakeInDeps): ParsedDelivery {
  try {
    return parse(delivery);
  } catch (error) {
    throw poisonOf(delivery.id, error);
  }
}

interface Parsed {
  delivery: ClaimedDelivery;
  content: ParsedDelivery;
}

type Settled = Required<Pick<Commit, "settle" | "followUps" | "outsideChanges">>;

async function settleAll(
  parsed: readonly Parsed[],
  board: IncidentBoard,
  deps: TakeInDeps,
  now: Instant,
): Promise<Settled> {
  const settled: Settled = { settle: [], followUps: [], outsideChanges: [] };
  const giveWay = createGiveWay();
  for (const { delivery, content } of parsed) {
    const settle = (settlement: Settlement) => settled.settle.push({ id: delivery.id, settlement });
    const quarantine = (reason: string): void => {
      settle({ outcome: "quarantined", reason });
      settled.followUps.push(tellQuarantine(delivery));
    };
    switch (content.kind) {
      case "alerts": {
        const incidents = new Set<IncidentId>();
        for (const alert of content.alerts) {
          await giveWay();
          const held = await hearAlert(alert, delivery, board, deps, now).catch((error: unknown) => {
            throw poisonOf(delivery.id, error);
          });
          if (held !== null) incidents.add(held.id);
        }
        if (content.unread === undefined) settle(endOf(content.alerts.length, [...incidents]));
        else quarantine(partly(counted(content.alerts.length, "alert"), content.unread));
        break;
      }
      case "outside_changes": {
        settled.outsideChanges.push(...placed(content.changes, delivery, deps));
        const changes = counted(content.changes.length, "change");
        if (content.unread === undefined) settle({ outcome: "noted", what: `Kept as evidence: ${changes}.` });
        else quarantine(partly(changes, content.unread));
        break;
      }
      case "flag_hint": {
        settled.followUps.push(...(await recheckFollowUps(content.hints, delivery, deps.store)));
        const keys = [...new Set(content.hints.map(({ flagKey }) => flagKey))].join(", ");
        settle({ outcome: "noted", what: `A hint that these flags may have moved: ${keys}`.slice(0, 1000) });
        break;
      }
      case "nothing":
        settle({ outcome: "noted", what: content.what });
        break;
      case "unmappable":
        quarantine(content.reason);
        break;
    }
  }
  return settled;
}

/** Taking a delivery in anew changes nothing about what was taken in already: it is known by its fingerprint or id. */
function partly(takenIn: string, unread: string): string {
  return `${takenIn} of it taken in, the rest not: ${unread}`;
}

function endOf(alerts: number, incidentIds: IncidentId[]): Settlement {
  if (incidentIds.length > 0) return { outcome: "joined", incidentIds };
  if (alerts === 0) return { outcome: "noted", what: "It carries no alerts." };
  return { outcome: "noted", what: "It says that something is resolved for which no incident is open." };
}

function placed(
  changes: readonly PlacedChange["change"][],
  { id, sourceId }: ClaimedDelivery,
  { services, sources }: { services: readonly Service[]; sources: readonly (Placing & { id: string })[] },
): PlacedChange[] {
  const source = sources.find((each) => each.id === sourceId);
  return changes.map((change) => placeChange(change, id, services, source));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function withIncidents(
  settled: Settled,
  board: IncidentBoard,
  deps: TakeInDeps & { traces: Traces },
  now: Instant,
): Commit {
  const changed = board.changed();
  const next = changed.map((held) => followUpsOf(held, groupingFor(held, deps), deps.quietMs, now));
  return {
    ...settled,
    writes: changed.map(writeOf),
    followUps: [...settled.followUps, ...next.flatMap(({ followUps }) => followUps)].map(deps.traces),
    cancel: next.flatMap(({ cancel }) => cancel),
  };
}

/** As its alerts are grouped: by its service's words, else by those of the source that opened it. */
function groupingFor({ state: { scope, requester } }: Held, { services, sources }: TakeInDeps) {
  const service = services.find(({ name }) => name === scope?.service) ?? null;
  const source = sources.find(({ id }) => requester.kind === "source" && requester.sourceId === id);
  return groupingOf({ service }, source);
}

import type { Alert } from "../../domain/alert.ts";
import { capOf, groupingOf, groupKeyOf, type Place, placeOf, type Placing } from "../../domain/catalogue.ts";
import type { Grouping } from "../../domain/grouping.ts";
import { type IncidentId, type Instant, later } from "../../domain/ids.ts";
import type { Damping } from "../../domain/incident/decide-incident.ts";
import { alertKey } from "../../domain/incident/heard-alerts.ts";
import { type IncidentState, isFiring, isNews } from "../../domain/incident/incident.ts";
import { type Inhibition, isSilenceable, silences } from "../../domain/inhibition.ts";
import { mutedUntil } from "../../domain/mute/mute.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import type { Service } from "../../domain/service.ts";
import type { ClaimedDelivery, Store } from "../ports/storage.ts";
import type { FiredBefore } from "./fired-before.ts";
import type { Held, IncidentBoard } from "./incident-board.ts";

export interface HearDeps {
  store: Pick<Store, "ledger" | "budgets">;
  services: readonly Service[];
  /** What is declared of each source, beyond how it is read. */
  sources: readonly (Placing & { id: string })[];
  inhibitions: readonly Inhibition[];
  newIncidentId: () => IncidentId;
  /** What fired when this process began, under the settings of then; absent: nothing did. */
  firedBefore?: FiredBefore;
  /** A resolved incident that fires again within this is the same one, where its grouping says nothing else. */
  reopenWithinMs: number;
  /** Incidents open at once in one environment of one service, or of one source where no service is known. */
  mostOpenIncidents: number;
  damping: Damping;
}

/** Over this long at most `openingsPerIncident` times the limit of open incidents begin: what ends at once counts too. */
const openingsWindowMs = 600_000;
const openingsPerIncident = 2;

interface Heard {
  alert: Alert;
  delivery: ClaimedDelivery;
  place: Place;
  grouping: Grouping;
  windowMs: number;
}

/**
 * Finds the incident that an alert belongs to, opens one where there is none, and joins it there; null where it ends
 * what no open incident knows of. What fires stays where it fires until it ends.
 */
export async function hearAlert(
  alert: Alert,
  delivery: ClaimedDelivery,
  board: IncidentBoard,
  deps: HearDeps,
  now: Instant,
): Promise<Held | null> {
  const source = deps.sources.find(({ id }) => id === delivery.sourceId);
  const place = placeOf(alert, deps.services, source);
  const grouping = groupingOf(place, source);
  const windowMs = grouping.window === undefined ? deps.reopenWithinMs : durationMs(grouping.window);
  const heard: Heard = { alert, delivery, place, grouping, windowMs };

  const groupKey = groupKeyOf(alert, place.scope, grouping.by);
  const { prefix, overflowKey } = capOf(alert, place.scope);
  const own = await board.ofGroup(groupKey);
  const overflow = await board.ofGroup(overflowKey);
  const host = [own, overflow].find((held) => held !== null && firesIn(held, alert));
  if (host) return join(host, heard, board, deps);
  if (alert.status === "resolved") return endElsewhere(own, heard, board, deps);
  const elsewhere = await board.firedBefore(alert);
  if (elsewhere !== null) return join(elsewhere, heard, board, deps);

  if (isSilenceable(alert, deps.inhibitions)) {
    const open = await board.open();
    // What was silenced by an alert that is over by now goes on in its incident.
    const known = open.find((held) => firesIn(held, alert));
    if (known !== undefined) return join(known, heard, board, deps);
    const showing = open.filter(({ state }) => !isHeldBackFrom(place, state, now));
    const silencing = findSilencing(alert, showing, deps.inhibitions);
    if (silencing !== null) return join(silencing.held, heard, board, deps, silencing.key);
  }
  if (own !== null && !isStale(own, windowMs, now)) return begin(own, heard, board, deps, now);
  if (await mayOpen(groupKey, prefix, board, deps)) {
    return begin(open(groupKey, alert.title, heard, board, deps), heard, board, deps, now);
  }
  const collapsed =
    overflow === null || isStale(overflow, windowMs, now)
      ? open(overflowKey, overflowTitle(place, alert), heard, board, deps)
      : overflow;
  return begin(collapsed, heard, board, deps, now);
}

/** Neither too many at once, nor too many one after the other: each is a card for people to read. */
async function mayOpen(
  groupKey: string,
  prefix: string,
  board: IncidentBoard,
  { store, mostOpenIncidents }: HearDeps,
): Promise<boolean> {
  if ((await board.countOpen(prefix)) >= mostOpenIncidents) return false;
  if (board.granted.has(groupKey)) return true;
  const most = openingsPerIncident * mostOpenIncidents;
  const granted = await store.budgets.take(`incidents/${prefix}`, 1, most, openingsWindowMs);
  if (granted) board.granted.add(groupKey);
  return granted;
}

/** The end of an alert that is not where its labels would put it now: settings change while it fires. */
async function endElsewhere(own: Held | null, heard: Heard, board: IncidentBoard, deps: HearDeps) {
  const host = (await board.open()).find((held) => firesIn(held, heard.alert));
  return host === undefined ? own : join(host, heard, board, deps);
}

function firesIn({ state }: Held, alert: Alert): boolean {
  return isFiring(state, alertKey(state, alert));
}

/** True of the incident of another service that is muted: nobody would hear of an alert that joined it. */
function isHeldBackFrom(
  { service }: Place,
  { mutedUntil, mutedService }: IncidentState,
  now: Instant,
): boolean {
  return mutedUntil !== null && mutedUntil > now && mutedService !== (service?.name ?? null);
}

function findSilencing(alert: Alert, open: readonly Held[], rules: readonly Inhibition[]) {
  for (const held of open) {
    const { alerts } = held.state;
    const other = alerts.find((known) => known.resolvedAt === null && silences(known.alert, alert, rules));
    if (other !== undefined) return { held, key: alertKey(held.state, other.alert) };
  }
  return null;
}

/** True where the incident has been over for so long that what fires now is other trouble. */
function isStale({ state: { resolvedAt } }: Held, windowMs: number, now: Instant): boolean {
  return resolvedAt !== null && later(resolvedAt, windowMs) < now;
}

function open(groupKey: string, title: string, heard: Heard, board: IncidentBoard, deps: HearDeps): Held {
  const { alert, delivery, place } = heard;
  const { service, scope, noScopeBecause } = place;
  return board.start(deps.newIncidentId(), {
    command: "open",
    kind: "alert",
    groupKey,
    correlationId: delivery.correlationId,
    title,
    severity: alert.severity,
    scope,
    tenant: service?.tenant ?? "",
    channel: service?.channel ?? "",
    requester: { kind: "source", sourceId: delivery.sourceId },
    ...(noScopeBecause !== null && { noScopeBecause }),
  });
}

function overflowTitle({ scope }: Place, { sourceId }: Alert): string {
  const whose = scope === null ? `the source ${sourceId}` : `${scope.service} in ${scope.environmentName}`;
  return `More alerts of ${whose} than are shown one by one`;
}

/** Joins an alert that fires to what is open, opens, or comes back; the last two are recorded as muted where they are. */
async function begin(held: Held, heard: Heard, board: IncidentBoard, deps: HearDeps, now: Instant) {
  const { alert, delivery, place } = heard;
  const renewal = renewalOf(held, heard, now);
  if (renewal !== null) board.apply(held, { command: "renew", reason: renewal }, delivery.correlationId);
  const before = held.state;
  const isOpening = before.alertCount === 0 || before.status === "resolved";
  join(held, heard, board, deps);
  if (isOpening && held.state !== before && place.service !== null) {
    const mute = (await deps.store.ledger.muteOf(place.service.name))?.state ?? null;
    const until = mutedUntil(mute, now);
    if (mute?.muted && until !== null) {
      const { userId, reason } = mute.muted;
      const service = place.service.name;
      board.apply(held, { command: "mute", until, userId, reason, service }, delivery.correlationId);
    }
  }
  return held;

  /**
   * An alert that begins to fire long after the findings is other trouble. Without this an incident that never
   * resolves, because one alert of the service always fires, would swallow all that comes later.
   */
  function renewalOf({ state }: Held, { windowMs }: Heard, at: Instant): string | null {
    const { status, investigatedAt, flappingSince } = state;
    if (status !== "open" || investigatedAt === null || flappingSince !== null) return null;
    if (later(investigatedAt, windowMs) >= at || !isNews(state, alertKey(state, alert), alert.severity))
      return null;
    return `The alert "${alert.title}" began to fire long after the last look.`;
  }
}

function join(
  held: Held,
  { alert, delivery }: Heard,
  board: IncidentBoard,
  { damping }: HearDeps,
  inhibitedBy?: string,
): Held {
  const command = { command: "join_alert" as const, deliveryId: delivery.id, alert, damping };
  const silenced = inhibitedBy === undefined ? {} : { inhibitedBy };
  board.apply(held, { ...command, ...silenced }, delivery.correlationId);
  return held;
}

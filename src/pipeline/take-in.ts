import type { Alert } from "../domain/alert.ts";
import { groupKeyOf, scopeOf, serviceOf } from "../domain/catalogue.ts";
import { type IncidentId, type Instant, later } from "../domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../domain/incident/decide-incident.ts";
import type { IncidentEvent } from "../domain/incident/events.ts";
import { evolveIncident, type IncidentState, isNews } from "../domain/incident/incident.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { Service } from "../domain/service.ts";
import { commitDecision } from "./commit-decision.ts";
import type { Log } from "./ports/log.ts";
import type { ParseDelivery } from "./ports/intake.ts";
import type { ClaimedDelivery, Commit, FollowUp, Settlement, Store, StreamWrite } from "./ports/storage.ts";

export interface TakeInDeps {
  store: Store;
  parse: ParseDelivery;
  services: readonly Service[];
  newIncidentId: () => IncidentId;
  log: Log;
  leaseMs: number;
  /** A resolved incident that fires again within this time is the same incident; later it is a new one. */
  reopenWithinMs: number;
}

const batch = 50;
const mostTries = 5;

/**
 * Reads everything a source has delivered, in the order of arrival: each delivery ends in an incident, as a duplicate,
 * or in quarantine. Throws `OpsError` where the store fails; what is left then is for whoever looks next.
 */
export async function drainSource(sourceId: string, deps: TakeInDeps): Promise<void> {
  for (;;) {
    const deliveries = await deps.store.inbox.claim(sourceId, batch, deps.leaseMs);
    if (deliveries.length === 0) return;
    for (const [index, delivery] of deliveries.entries()) {
      try {
        await takeInOne(delivery, deps);
      } catch (error) {
        // If this fails too, the leases run out by themselves.
        await deps.store.inbox.release(deliveries.slice(index)).catch(() => undefined);
        throw error;
      }
    }
  }
}

/** A poison delivery must not stand in the way of the rest, nor may the rest overtake one that is only tried again. */
async function takeInOne(delivery: ClaimedDelivery, deps: TakeInDeps): Promise<void> {
  const { correlationId } = delivery;
  const fields = { correlationId, stage: "intake", intent: "take in a delivery", errorClass: "bug" };
  for (let tries = 1; ; tries += 1) {
    try {
      return await takeIn(delivery, deps);
    } catch (error) {
      if (error instanceof OpsError) throw error;
      if (tries < mostTries) {
        deps.log.warn({ ...fields, attempt: tries, err: error }, "A delivery could not be taken in; again");
        continue;
      }
      const message = error instanceof Error ? error.message : String(error);
      const reason = `Reading it failed ${tries} times: ${message}`.slice(0, 1000);
      await settle(delivery, { outcome: "quarantined", reason }, deps);
      deps.log.error({ ...fields, err: error }, "A delivery was quarantined");
      return;
    }
  }
}

async function takeIn(delivery: ClaimedDelivery, deps: TakeInDeps): Promise<void> {
  const parsed = deps.parse(delivery);
  if (parsed.kind === "unmappable") {
    await settle(delivery, { outcome: "quarantined", reason: parsed.reason }, deps);
    return;
  }
  const groups = groupAlerts(parsed.alerts, deps.services);
  await commitDecision(deps.store, async () => {
    const now = await deps.store.now();
    const steps = await Promise.all(groups.map((group) => stepFor(group, delivery, now, deps)));
    return {
      kind: "commit" as const,
      commit: commitOf(delivery, steps),
      after: (result) => {
        // Another worker opened the group's incident first: the next try joins it.
        if (result.kind === "group_busy") return takeIn(delivery, deps);
        return Promise.resolve();
      },
    };
  });
}

async function settle(delivery: ClaimedDelivery, settlement: Settlement, deps: TakeInDeps): Promise<void> {
  await deps.store.ledger.commit({ writes: [], settle: [{ id: delivery.id, settlement }] });
}

interface AlertGroup {
  key: string;
  service: Service | null;
  alerts: Alert[];
}

function groupAlerts(alerts: readonly Alert[], services: readonly Service[]): AlertGroup[] {
  const groups = new Map<string, AlertGroup>();
  for (const alert of alerts) {
    const service = serviceOf(alert, services);
    const scope = service === null ? null : scopeOf(alert, service);
    const key = groupKeyOf(alert, scope);
    const group = groups.get(key) ?? { key, service, alerts: [] };
    group.alerts.push(alert);
    groups.set(key, group);
  }
  return [...groups.values()];
}

interface Step {
  incidentId: IncidentId | null;
  writes: StreamWrite[];
  followUps: FollowUp[];
}

/** What one group of alerts means: a new incident, news for an open one, or nothing. */
async function stepFor(
  group: AlertGroup,
  delivery: ClaimedDelivery,
  now: Instant,
  deps: TakeInDeps,
): Promise<Step> {
  const open = await deps.store.ledger.openIncidentByGroup(group.key);
  const stale = open !== null && isLongResolved(open.state, now, deps.reopenWithinMs);
  const firing = group.alerts.find((alert) => alert.status === "firing");

  if (open !== null && (!stale || firing === undefined)) {
    const joins = group.alerts.map((alert) => joinCommand(alert, delivery));
    const renewal = renewalOf(open.state, group.alerts, now, deps.reopenWithinMs);
    const run = runCommands(open.state.id, open.state, [...renewal, ...joins], now);
    const afresh =
      run.events.some((event) => event.type === "investigation_renewed") ||
      (open.state.status === "resolved" && run.state.status === "open");
    return {
      incidentId: open.state.id,
      writes: writesOf(open.state.id, open.version, run.events),
      followUps:
        run.events.length === 0 ? [] : followUps(open.state.id, delivery, afresh ? "investigate" : "show"),
    };
  }
  if (firing === undefined) return { incidentId: null, writes: [], followUps: [] };

  const closing: StreamWrite[] =
    open === null
      ? []
      : writesOf(
          open.state.id,
          open.version,
          runCommands(open.state.id, open.state, [{ command: "close", userId: "" }], now).events,
        );
  const id = deps.newIncidentId();
  const run = runCommands(
    id,
    null,
    [openCommand(group, firing, delivery), ...group.alerts.map((alert) => joinCommand(alert, delivery))],
    now,
  );
  return {
    incidentId: id,
    writes: [...closing, ...writesOf(id, 0, run.events)],
    followUps: followUps(id, delivery, "investigate"),
  };
}

function isLongResolved(incident: IncidentState, now: Instant, reopenWithinMs: number): boolean {
  return incident.resolvedAt !== null && later(incident.resolvedAt, reopenWithinMs) < now;
}

/**
 * An alert that begins to fire long after the findings is other trouble. Without this an incident that never
 * resolves, because one alert of the service always fires, would swallow all that comes later.
 */
function renewalOf(
  incident: IncidentState,
  alerts: readonly Alert[],
  now: Instant,
  reopenWithinMs: number,
): IncidentCommand[] {
  const { status, investigatedAt } = incident;
  if (status !== "open" || investigatedAt === null || later(investigatedAt, reopenWithinMs) >= now) return [];
  const begins = alerts.find((alert) => alert.status === "firing" && isNews(incident, alert.fingerprint));
  if (begins === undefined) return [];
  return [
    { command: "renew", reason: `The alert "${begins.title}" began to fire long after the last look.` },
  ];
}

function openCommand(group: AlertGroup, first: Alert, delivery: ClaimedDelivery): IncidentCommand {
  return {
    command: "open",
    kind: "alert",
    groupKey: group.key,
    correlationId: delivery.correlationId,
    title: first.title,
    severity: first.severity,
    scope: group.service === null ? null : scopeOf(first, group.service),
    tenant: group.service?.tenant ?? "",
    channel: group.service?.channel ?? "",
    requester: { kind: "source", sourceId: delivery.sourceId },
  };
}

function joinCommand(alert: Alert, delivery: ClaimedDelivery): IncidentCommand {
  return { command: "join_alert", deliveryId: delivery.id, alert };
}

/** Applies commands one after the other to the folded state; a refused one adds nothing. */
function runCommands(
  id: IncidentId,
  start: IncidentState | null,
  commands: readonly IncidentCommand[],
  now: Instant,
): { state: IncidentState; events: IncidentEvent[] } {
  let state = start;
  const events: IncidentEvent[] = [];
  for (const command of commands) {
    const answer = decideIncident(command, state, now);
    if (answer.kind === "refused") continue;
    for (const event of answer.events) {
      state = evolveIncident(id, state, event);
      events.push(event);
    }
  }
  if (state === null) throw new Error(`incident/${id}: no command opened it`);
  return { state, events };
}

function writesOf(id: IncidentId, expectedVersion: number, events: IncidentEvent[]): StreamWrite[] {
  if (events.length === 0) return [];
  return [{ kind: "incident", stream: streamOf("incident", id), id, expectedVersion, events }];
}

function followUps(id: IncidentId, delivery: ClaimedDelivery, kind: "investigate" | "show"): FollowUp[] {
  const { correlationId } = delivery;
  const show: FollowUp = { stage: "notify", subject: id, correlationId };
  return kind === "show" ? [show] : [show, { stage: "investigate", subject: id, correlationId }];
}

function commitOf(delivery: ClaimedDelivery, steps: readonly Step[]): Commit {
  const incidentIds = steps.flatMap((step) => (step.incidentId === null ? [] : [step.incidentId]));
  const settlement: Settlement =
    incidentIds.length > 0
      ? { outcome: "joined", incidentIds }
      : { outcome: "quarantined", reason: "It says something is resolved for which no incident is open." };
  return {
    writes: steps.flatMap((step) => step.writes),
    followUps: steps.flatMap((step) => step.followUps),
    settle: [{ id: delivery.id, settlement }],
  };
}

import { z } from "zod";
import { Alert, Severity, severer, worse } from "../alert.ts";
import { Instant } from "../ids.ts";
import type { Requester } from "../people.ts";
import type { IncidentEvent } from "./events.ts";

/** The most alerts that an incident keeps whole, for the card and for those who look for a cause. */
export const keptAlerts = 50;

/**
 * The most different alerts that fire in one incident at once. While as many do, one more is not heard: it could not
 * be told from its own repeats, nor would its end be noticed. It joins when its source repeats it and there is room.
 */
export const mostFiring = 5000;

/** Of the alerts that have ended this many are known again; one that was forgotten is counted anew if it comes back. */
const rememberedEnded = 2000;

/** So many kinds are counted by name. */
const namedKinds = 20;

/** An alert as the incident keeps it. Of those that are not among the `keptAlerts` only the key is kept. */
const KnownAlert = z.strictObject({ alert: Alert, joinedAt: Instant, resolvedAt: Instant.nullable() });

/** What an incident's state says of its alerts. */
export const heardAlerts = {
  severity: Severity,
  alerts: z.array(KnownAlert),
  /** Keys of the alerts that `alerts` has no room for: a storm must not end before its last alert has. */
  otherAlerts: z.strictObject({ firing: z.array(z.string()), ended: z.array(z.string()) }),
  /** All alerts that ever joined, those not kept in `alerts` included. */
  alertCount: z.int().nonnegative(),
  /** How many of which kind joined, of the first kinds that did; the rest of `alertCount` is of others. */
  kinds: z.array(z.strictObject({ kind: z.string(), count: z.int().positive() })).default([]),
  /** Sources whose alerts joined: how far the incident may reach is what all of them may lead to. */
  sources: z.array(z.string()).default([]),
  /** Alerts that fire and are silenced by another that does: keys of both. */
  inhibited: z.array(z.strictObject({ key: z.string(), by: z.string() })).default([]),
  /** When the last alert joined or ended. */
  lastHeardAt: Instant.nullable().default(null),
};

const HeardAlerts = z.strictObject(heardAlerts);
type HeardAlerts = z.infer<typeof HeardAlerts>;
/** The source that opened the incident is what the keys of its alerts are relative to. */
type Heard = HeardAlerts & { requester: Requester };

type Identity = Pick<Alert, "sourceId" | "fingerprint">;

/**
 * What tells an alert from the others of its incident. A fingerprint does so within one source, and an incident may
 * hear several: whoever holds one source's secret must not end another's alerts.
 */
export function alertKey(
  { requester }: Pick<Heard, "requester">,
  { sourceId, fingerprint }: Identity,
): string {
  const own = requester.kind === "source" && requester.sourceId === sourceId;
  // `\u001f` cannot be in a fingerprint.
  return own ? fingerprint : `${sourceId}\u001f${fingerprint}`;
}

/** What alerts are counted under: the rule that fired, where the source says its name. */
export function kindOfAlert({ labels, title }: Pick<Alert, "labels" | "title">): string {
  const name = Object.hasOwn(labels, "alertname") ? (labels["alertname"] ?? "") : "";
  return (name === "" ? title : name).slice(0, 100);
}

/** True where one more alert of this severity is kept whole: nothing has to go for it that fires and is as bad. */
export function isKept({ alerts }: Pick<Heard, "alerts">, severity: Severity): boolean {
  return (
    alerts.length < keptAlerts ||
    alerts.some(({ alert, resolvedAt }) => resolvedAt !== null || severer(severity, alert.severity))
  );
}

interface Head extends Identity {
  at: Instant;
  severity: Severity;
  kind: string;
  inhibitedBy: string | undefined;
}

/** What `alert_joined` and `alert_counted` have in common. */
export function headOf(event: Extract<IncidentEvent, { type: "alert_joined" | "alert_counted" }>): Head {
  const { at, inhibitedBy } = event;
  if (event.type === "alert_counted") return { ...event, inhibitedBy };
  const { sourceId, fingerprint, severity } = event.alert;
  return { at, sourceId, fingerprint, severity, kind: kindOfAlert(event.alert), inhibitedBy };
}

/** Folds an alert that fires; `kept` is the whole of it, or null where there is no room for that. */
export function alertHeard(state: Heard, heard: Head & { kept: Alert | null }): HeardAlerts {
  const { kept, at, severity, kind, inhibitedBy, sourceId } = heard;
  const key = alertKey(state, heard);
  const others = state.alerts.filter((known) => alertKey(state, known.alert) !== key);
  const { firing, ended } = state.otherAlerts;
  const isNew = others.length === state.alerts.length && !firing.includes(key) && !ended.includes(key);
  const firingOthers = without(firing, key);
  return withRoom(state, {
    severity: worse(state.severity, severity),
    alerts: kept === null ? others : [...others, { alert: kept, joinedAt: at, resolvedAt: null }],
    otherAlerts: {
      firing: kept === null ? [...firingOthers, key] : firingOthers,
      ended: without(ended, key),
    },
    alertCount: state.alertCount + (isNew ? 1 : 0),
    kinds: isNew ? counted(state.kinds, kind) : state.kinds,
    sources: state.sources.includes(sourceId) ? state.sources : [...state.sources, sourceId],
    inhibited: inhibitedBy === undefined ? state.inhibited : [...state.inhibited, { key, by: inhibitedBy }],
    lastHeardAt: at,
  });
}

export function alertEnded(state: Heard, key: string, at: Instant): Partial<HeardAlerts> {
  const { firing, ended } = state.otherAlerts;
  return {
    alerts: state.alerts.map((known) =>
      alertKey(state, known.alert) === key ? { ...known, resolvedAt: at } : known,
    ),
    otherAlerts: firing.includes(key)
      ? { firing: without(firing, key), ended: remembered([...ended, key]) }
      : state.otherAlerts,
    // What it silenced is silenced no longer.
    inhibited:
      state.inhibited.length === 0
        ? state.inhibited
        : state.inhibited.filter((one) => one.key !== key && one.by !== key),
    lastHeardAt: at,
  };
}

/** Lets go of one alert too many: of one that has ended if there is any, else of the oldest of the mildest. */
function withRoom(of: Pick<Heard, "requester">, state: HeardAlerts): HeardAlerts {
  const { alerts, otherAlerts } = state;
  if (alerts.length <= keptAlerts) return state;
  const mildest = alerts.reduce((milder, known) =>
    severer(milder.alert.severity, known.alert.severity) ? known : milder,
  );
  const outgrown = alerts.find(({ resolvedAt }) => resolvedAt !== null) ?? mildest;
  const key = alertKey(of, outgrown.alert);
  return {
    ...state,
    alerts: alerts.filter((known) => known !== outgrown),
    otherAlerts:
      outgrown.resolvedAt === null
        ? { ...otherAlerts, firing: [...otherAlerts.firing, key] }
        : { ...otherAlerts, ended: remembered([...otherAlerts.ended, key]) },
  };
}

function counted(kinds: HeardAlerts["kinds"], kind: string): HeardAlerts["kinds"] {
  const known = kinds.some((one) => one.kind === kind);
  if (!known) return kinds.length < namedKinds ? [...kinds, { kind, count: 1 }] : kinds;
  return kinds.map((one) => (one.kind === kind ? { kind, count: one.count + 1 } : one));
}

/** The same array where there is nothing to take out: a storm is folded alert by alert. */
function without(keys: string[], key: string): string[] {
  return keys.includes(key) ? keys.filter((known) => known !== key) : keys;
}

function remembered(keys: string[]): string[] {
  return keys.slice(-rememberedEnded);
}

import { createHash } from "node:crypto";
import type { Alert } from "./alert.ts";
import { Grouping } from "./grouping.ts";
import type { DeliveryId } from "./ids.ts";
import type { IncidentScope } from "./incident/events.ts";
import type { OutsideChange, PlacedChange } from "./outside-change.ts";
import { placeWithinReach } from "./reach.ts";
import type { Service } from "./service.ts";
import type { Source } from "./source.ts";

/** What tells where something belongs: an alert, or a change elsewhere. */
export type Labelled = Pick<Alert, "sourceId" | "labels">;

/** Of a source, what says where its alerts belong. */
export type Placing = Pick<Source, "service" | "mayLeadTo" | "grouping">;

/** The label that says which of a service's environments an alert is about, in the order they are looked for. */
const environmentLabels = ["environment", "env", "deployment_environment", "stage"];

/**
 * The service whose source and label match fit; the most specific match wins. Where none does, the one that the
 * source's own label names. Null: nobody's.
 */
export function serviceOf(of: Labelled, services: readonly Service[], source?: Placing): Service | null {
  let best: { service: Service; specificity: number } | null = null;
  for (const service of services) {
    for (const { id, match } of service.sources) {
      if (id !== of.sourceId || !labelsFit(match, of.labels)) continue;
      const specificity = Object.keys(match).length;
      if (best === null || specificity > best.specificity) best = { service, specificity };
    }
  }
  return best?.service ?? serviceByLabel(of, services, source);
}

function serviceByLabel(of: Labelled, services: readonly Service[], source?: Placing): Service | null {
  const naming = source?.service;
  const value = naming === undefined ? undefined : labelOf(of, naming.label);
  if (naming === undefined || value === undefined) return null;
  const name = Object.hasOwn(naming.names, value) ? naming.names[value] : value;
  return services.find((service) => service.name === name) ?? null;
}

/** Where in the flag platform the trouble is; the service's only environment when no label says. */
export function scopeOf(of: Labelled, service: Service): IncidentScope | null {
  const names = Object.keys(service.environments);
  const label = environmentLabels.map((name) => labelOf(of, name)).find((value) => value !== undefined);
  const name = label === undefined ? (names.length === 1 ? names[0] : undefined) : label;
  // The label is anybody's text: it may be called like a property that every object has.
  const known = name !== undefined && Object.hasOwn(service.environments, name);
  const keys = known ? service.environments[name] : undefined;
  if (name === undefined || keys === undefined) return null;
  return { service: service.name, environmentName: name, ...keys };
}

/** Whose an alert is and where; without a scope only evidence is shown, and `noScopeBecause` says why that is so. */
export interface Place {
  service: Service | null;
  scope: IncidentScope | null;
  noScopeBecause: string | null;
}

/** Finds an alert's place. What the alert's source may not lead to (`mayLeadTo`) is no place for it. */
export function placeOf(of: Labelled, services: readonly Service[], source?: Placing): Place {
  const service = serviceOf(of, services, source);
  if (service === null) {
    return { service, scope: null, noScopeBecause: "no service of the catalogue matches" };
  }
  const scope = scopeOf(of, service);
  if (scope === null) {
    return {
      service,
      scope,
      noScopeBecause: `it names no environment of the service ${service.name} in the catalogue`,
    };
  }
  if (source !== undefined && !placeWithinReach(source.mayLeadTo, scope)) {
    const where = `${scope.project}/${scope.environment}`;
    return {
      service,
      scope: null,
      noScopeBecause: `the source ${of.sourceId} may not lead to ${where}, where ${service.name} is`,
    };
  }
  return { service, scope, noScopeBecause: null };
}

/** A change elsewhere with its place in the catalogue. It is evidence only, so its source's reach does not matter. */
export function placeChange(
  change: OutsideChange,
  deliveryId: DeliveryId,
  services: readonly Service[],
  source?: Placing,
): PlacedChange {
  const service = serviceOf(change, services, source);
  const scope = service === null ? null : scopeOf(change, service);
  return {
    change,
    deliveryId,
    service: service?.name ?? null,
    environmentName: scope?.environmentName ?? null,
  };
}

const byDefault = Grouping.parse({});

/** The service's own grouping beats its source's. */
export function groupingOf({ service }: Pick<Place, "service">, source?: Placing): Grouping {
  return service?.grouping ?? source?.grouping ?? byDefault;
}

/**
 * Alerts with one key share an incident: a service's environment, or else what the source says belongs together; in
 * both, labels that are to tell incidents apart do so. `\u001f` cannot be in an alert's texts.
 */
export function groupKeyOf(alert: Alert, scope: IncidentScope | null, by: readonly string[] = []): string {
  const values = by.map((label) => `${label}=${labelOf(alert, label) ?? ""}`).join("\u001f");
  if (scope === null) return bounded(`${capOf(alert, null).prefix}${by.length > 0 ? values : hintOf(alert)}`);
  return bounded(by.length > 0 ? `${capOf(alert, scope).prefix}${values}` : whole(scope));
}

/** What the limit of open incidents counts together, and the group that takes the rest. */
export interface Cap {
  /** All group keys that count begin with this. */
  prefix: string;
  overflowKey: string;
}

export function capOf({ sourceId }: Pick<Alert, "sourceId">, scope: IncidentScope | null): Cap {
  const counted = scope === null ? `source/${sourceId}` : whole(scope);
  return { prefix: `${counted}/`, overflowKey: `overflow/${counted}` };
}

/** True for the incident that stands for all that the limit of open incidents keeps from having one of its own. */
export function isOverflow(groupKey: string): boolean {
  return groupKey.startsWith("overflow/");
}

/** Environments are called what people like, with slashes too; a key must not be mistaken for another's prefix. */
function whole({ service, environmentName }: IncidentScope): string {
  return `service/${service}/${environmentName.replaceAll("%", "%25").replaceAll("/", "%2F")}`;
}

function hintOf({ groupHint, title }: Alert): string {
  return groupHint ?? title;
}

const longestKey = 600;

function bounded(key: string): string {
  if (key.length <= longestKey) return key;
  return `${key.slice(0, longestKey - 65)}#${createHash("sha256").update(key).digest("hex")}`;
}

function labelOf({ labels }: Labelled, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function labelsFit(match: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(match).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}

import type { Alert } from "./alert.ts";
import type { IncidentScope } from "./incident/events.ts";
import type { Service } from "./service.ts";

/** The label that says which of a service's environments an alert is about, in the order they are looked for. */
const environmentLabels = ["environment", "env", "deployment_environment", "stage"];

/** The service whose source and label match fit the alert; the most specific match wins. Null: nobody's. */
export function serviceOf(alert: Alert, services: readonly Service[]): Service | null {
  const matches = services.flatMap((service) =>
    service.sources
      .filter((source) => source.id === alert.sourceId && labelsFit(source.match, alert.labels))
      .map((source) => ({ service, specificity: Object.keys(source.match).length })),
  );
  return matches.toSorted((a, b) => b.specificity - a.specificity)[0]?.service ?? null;
}

/** Where in the flag platform the alert's trouble is; the service's only environment when no label says. */
export function scopeOf(alert: Alert, service: Service): IncidentScope | null {
  const names = Object.keys(service.environments);
  const label = environmentLabels.map((name) => alert.labels[name]).find((value) => value !== undefined);
  const name = label === undefined ? (names.length === 1 ? names[0] : undefined) : label;
  // The label is anybody's text: it may be called like a property that every object has.
  const known = name !== undefined && Object.hasOwn(service.environments, name);
  const keys = known ? service.environments[name] : undefined;
  if (name === undefined || keys === undefined) return null;
  return { service: service.name, environmentName: name, ...keys };
}

/** Alerts with one key share an incident: a service's environment, or else what the source says belongs together. */
export function groupKeyOf(alert: Alert, scope: IncidentScope | null): string {
  if (scope !== null) return `service/${scope.service}/${scope.environmentName}`;
  return `source/${alert.sourceId}/${alert.groupHint ?? alert.title}`.slice(0, 600);
}

function labelsFit(match: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(match).every(([name, value]) => labels[name] === value);
}

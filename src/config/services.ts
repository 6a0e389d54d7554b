import { z } from "zod";
import { suggestion } from "../domain/closest-word.ts";
import { canonicalJson } from "../domain/ledger/chain.ts";
import { Service } from "../domain/service.ts";
import type { SourcesSettings } from "./sources.ts";

export const ServicesSettings = z.array(Service).max(2000).default([]);
export type ServicesSettings = z.infer<typeof ServicesSettings>;

type PlaceOf = (path: readonly PropertyKey[]) => string;

/** What is well-formed by itself and contradicts something else in the file. */
export function catalogueFindings(
  services: ServicesSettings,
  sources: SourcesSettings,
  placeOf: PlaceOf,
): string[] {
  return [
    ...repeated(sources.map(({ id }) => id)).map(
      ([id, index]) =>
        `${placeOf(["sources", index, "id"])}: a source "${id}" stands above already; give each its own id.`,
    ),
    ...repeated(services.map(({ name }) => name)).map(
      ([name, index]) =>
        `${placeOf(["services", index, "name"])}: a service "${name}" stands above already; give each its own name.`,
    ),
    ...services.flatMap((service, index) =>
      serviceFindings(service, sources, (path) => placeOf(["services", index, ...path])),
    ),
    ...rivals(services, placeOf),
  ];
}

function serviceFindings(service: Service, sources: SourcesSettings, placeOf: PlaceOf): string[] {
  const { name, environments, flags, internalSegment } = service;
  const known = sources.map(({ id }) => id);
  const findings = service.sources
    .map(({ id }, index) => ({ id, index }))
    .filter(({ id }) => !known.includes(id))
    .map(
      ({ id, index }) =>
        `${placeOf(["sources", index, "id"])}: the service "${name}" names the source "${id}", which is not declared under sources; declare it or correct the id.${suggestion(id, known)}`,
    );
  if (Object.keys(environments).length === 0) {
    findings.push(
      `${placeOf(["environments"])}: the service "${name}" has no environment; map at least one name to a FeatBit project and environment.`,
    );
  }
  const byKeys = new Map<string, string>();
  for (const [environment, keys] of Object.entries(environments)) {
    const pair = `${keys.project}/${keys.environment}`;
    const earlier = byKeys.get(pair);
    if (earlier !== undefined) {
      findings.push(
        `${placeOf(["environments", environment])}: "${environment}" and "${earlier}" of the service "${name}" are both ${pair}; a flag change would not know which it is for, so map each to its own.`,
      );
    }
    byKeys.set(pair, environment);
  }
  for (const [id, index] of repeated(service.queries.map((query) => query.id))) {
    findings.push(
      `${placeOf(["queries", index, "id"])}: the service "${name}" has a query "${id}" already; give each its own id.`,
    );
  }
  if (internalSegment !== undefined && flags.keys.length === 0 && flags.tags.length === 0) {
    findings.push(
      `${placeOf(["internalSegment"])}: the service "${name}" names a segment but no flags; add flags.keys or flags.tags.`,
    );
  }
  return findings;
}

/** Two services that claim the very same alerts: which of them an alert belongs to would be chance. */
function rivals(services: ServicesSettings, placeOf: PlaceOf): string[] {
  const owners = new Map<string, string>();
  return services.flatMap((service, index) =>
    service.sources.flatMap((source, sourceIndex) => {
      const claim = canonicalJson([source.id, source.match]);
      const owner = owners.get(claim);
      owners.set(claim, service.name);
      if (owner === undefined || owner === service.name) return [];
      return [
        `${placeOf(["services", index, "sources", sourceIndex])}: the services "${owner}" and "${service.name}" match the same alerts of "${source.id}"; tell them apart with labels under match.`,
      ];
    }),
  );
}

function repeated(names: readonly string[]): [name: string, index: number][] {
  return names.flatMap((name, index): [string, number][] =>
    names.indexOf(name) < index ? [[name, index]] : [],
  );
}

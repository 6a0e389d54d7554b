import { z } from "zod";
import { suggestion } from "../domain/closest-word.ts";
import type { Damping } from "../domain/incident/decide-incident.ts";
import { Inhibition } from "../domain/inhibition.ts";
import { Duration, durationMs } from "../domain/policy/governance-contract.ts";
import type { ServicesSettings } from "./services.ts";
import type { SourcesSettings } from "./sources.ts";

/** How alerts become incidents, where no source and no service says otherwise. */
export const IntakeSettings = z
  .strictObject({
    mostOpenIncidents: z
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe(
        "Incidents open at once in one environment of one service, or of one source where no service is known.",
      ),
    flapping: z
      .strictObject({
        times: z.int().min(2).max(20).default(4).describe("So many returns …"),
        within: Duration.default("30m").describe("… within this hold an incident open …"),
        quiet: Duration.default("15m").describe(
          "… until none of its alerts has been heard of for this long.",
        ),
      })
      .prefault({})
      .describe("An incident that comes and goes is held open."),
  })
  .prefault({});
export type IntakeSettings = z.infer<typeof IntakeSettings>;

export const InhibitionsSettings = z.array(Inhibition).max(200).default([]);
export type InhibitionsSettings = z.infer<typeof InhibitionsSettings>;

export interface Intake {
  mostOpenIncidents: number;
  damping: Damping;
  quietMs: number;
  inhibitions: Inhibition[];
}

export function readIntake(
  { mostOpenIncidents, flapping }: IntakeSettings,
  inhibitions: InhibitionsSettings,
): Intake {
  const { times, within, quiet } = flapping;
  return {
    mostOpenIncidents,
    damping: { times, withinMs: durationMs(within) },
    quietMs: durationMs(quiet),
    inhibitions,
  };
}

type PlaceOf = (path: readonly PropertyKey[]) => string;

/** Names under `sources` that stand for nothing in the catalogue: alerts would silently be nobody's. */
export function reachFindings(
  sources: SourcesSettings,
  services: ServicesSettings,
  placeOf: PlaceOf,
): string[] {
  const environments = services.flatMap((service) => Object.values(service.environments));
  const known = {
    services: services.map(({ name }) => name),
    projects: [...new Set(environments.map(({ project }) => project))],
    environments: [...new Set(environments.map(({ environment }) => environment))],
  };
  return sources.flatMap(({ id, service, mayLeadTo }, index) => [
    ...Object.entries(service?.names ?? {})
      .filter(([, name]) => !known.services.includes(name))
      .map(
        ([value, name]) =>
          `${placeOf(["sources", index, "service", "names", value])}: the source "${id}" names the service "${name}", which is not in the catalogue.${suggestion(name, known.services)}`,
      ),
    ...(["projects", "environments"] as const).flatMap((kind) =>
      mayLeadTo[kind].flatMap((name, at) =>
        name === "*" || known[kind].includes(name)
          ? []
          : [
              `${placeOf(["sources", index, "mayLeadTo", kind, at])}: the source "${id}" may lead to "${name}", which is none of the ${kind} that services are mapped to.${suggestion(name, known[kind])}`,
            ],
      ),
    ),
  ]);
}

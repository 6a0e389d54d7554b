import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import type { Service } from "../../../src/domain/service.ts";
import { gatherEvidence, type GatherRequest } from "../../../src/pipeline/evidence/gather-evidence.ts";
import type { Telemetry } from "../../../src/pipeline/ports/telemetry.ts";
import { flagReader, incidentOf, minutes, now, serviceOf, type World } from "../drafting/world.ts";

export interface Question {
  world?: World;
  service?: Partial<Service>;
  ports?: Partial<GatherRequest["ports"]>;
  flags?: Partial<GatherRequest["ports"]["flags"]>;
  budgetMs?: number;
}

/** Gathers for the world of the drafting tests, with single ports and settings replaced. */
export function ask({ world = {}, service, ports, flags, budgetMs = 500 }: Question): Promise<Evidence> {
  return gatherEvidence({
    incident: incidentOf(world),
    service: { ...serviceOf(world), ...service },
    now: toInstant(now),
    ports: {
      telemetry: null,
      runbooks: [],
      ...ports,
      flags: { ...flagReader(world), ...flags },
    },
    lookBackMs: minutes(60),
    budgetMs,
  });
}

/** Answers every query with one series of this value, a sample every `everyMs`. */
export function telemetryOf(value: (time: number) => number, everyMs?: number): Telemetry {
  return {
    async range(_, from, to, stepMs) {
      const points: [number, number][] = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += stepMs) {
        const measuredAt = everyMs === undefined ? at : Math.floor(at / everyMs) * everyMs;
        points.push([at, value(measuredAt)]);
      }
      return [{ labels: {}, points }];
    },
  };
}

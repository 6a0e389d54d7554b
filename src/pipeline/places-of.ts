import { IncidentId } from "../domain/ids.ts";
import type { ControlContext } from "../domain/policy/controls.ts";
import type { EnvironmentKeys, Service } from "../domain/service.ts";

/** Nobody's. A control that is given to a share of the incidents may answer otherwise for a real one. */
export const noIncident = IncidentId.parse("INC-0000000000");

/** One environment of one service. */
export interface Place extends EnvironmentKeys {
  service: string;
  environmentName: string;
}

/** Every environment of every service of the catalogue. */
export function placesOf(services: readonly Service[]): Place[] {
  return services.flatMap(({ name, environments }) =>
    Object.entries(environments).map(([environmentName, keys]) => ({
      service: name,
      environmentName,
      ...keys,
    })),
  );
}

/** As the controls are asked about a place when there is no incident yet. */
export function contextFor({ service, environment, project }: Place): ControlContext {
  return {
    incidentId: noIncident,
    service,
    environment,
    project,
    tool: "",
    riskClass: "",
    severity: "",
    source: "",
    agent: "signalman",
  };
}

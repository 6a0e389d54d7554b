import type { Target } from "../../domain/policy/roles.ts";
import type { Service } from "../../domain/service.ts";

/** Where somebody must be permitted what concerns a service as a whole: in every environment it has. */
export function targetsOf({ environments, flags }: Service, risk: Target["risk"]): Target[] {
  const places = Object.values(environments);
  const asked = places.length === 0 ? [{ project: "", environment: "" }] : places;
  return asked.map((place) => ({ ...place, tags: flags.tags, risk }));
}

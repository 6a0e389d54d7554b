import { Evidence, itemsOf } from "../../domain/evidence/evidence.ts";
import type { Fact, RunbookLimit } from "../../domain/guard/guard-facts.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { Runbook } from "../../domain/runbook.ts";
import type { Service } from "../../domain/service.ts";
import { matchRunbooks } from "../evidence/match-runbooks.ts";
import type { Store } from "../ports/storage.ts";

export interface RunbookDeps {
  runbooks: readonly Runbook[];
  services: readonly Service[];
  store: Pick<Store, "bodies" | "ledger">;
}

/** Of one service; more would be a storm, in which the newest say enough. */
const mostIncidents = 20;

/**
 * The runbook that a draft of this incident is held to. What a person asks for without an alert is held to those of the
 * service's open incidents, or else to those that the service names. An incident that is over has none.
 */
export async function runbooksOf(
  incident: IncidentState | null,
  deps: RunbookDeps,
): Promise<Fact<RunbookLimit[]>> {
  const { runbooks, services, store } = deps;
  const service = services.find(({ name }) => name === incident?.scope?.service);
  if (incident?.status !== "open" || service === undefined) return { kind: "known", value: [] };
  if (isLookedAt(incident)) return matched(incident, service, deps);
  const open = await store.ledger.incidents({ open: true, service: service.name, limit: mostIncidents });
  const found = await Promise.all(
    open.filter(({ state }) => isLookedAt(state)).map(({ state }) => matched(state, service, deps)),
  );
  const unknown = found.find((each) => each.kind === "unknown");
  if (unknown !== undefined) return unknown;
  const value = found.flatMap((each) => (each.kind === "known" ? each.value : []));
  return {
    kind: "known",
    value: value.length > 0 ? value : runbooks.filter(({ id }) => service.runbooks.includes(id)),
  };
}

/** There is something by which a runbook can be told. */
function isLookedAt({ evidence, alerts }: IncidentState): boolean {
  return evidence !== null || alerts.length > 0;
}

/** The best match of its evidence; where nothing was looked at yet, that of its alerts. */
async function matched(
  incident: IncidentState,
  service: Service,
  { runbooks, store }: RunbookDeps,
): Promise<Fact<RunbookLimit[]>> {
  if (incident.evidence === null) {
    const [first] = matchRunbooks(runbooks, service, incident, []);
    return { kind: "known", value: first === undefined ? [] : [{ ...first, id: first.runbookId }] };
  }
  const text = await store.bodies.get(incident.evidence.bodyId);
  if (text === null) return { kind: "unknown", why: "the evidence of its incident is gone" };
  const [first] = itemsOf(Evidence.parse(JSON.parse(text)), "runbook");
  return { kind: "known", value: first === undefined ? [] : [{ ...first, id: first.runbookId }] };
}

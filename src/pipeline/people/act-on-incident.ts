import type { IncidentId } from "../../domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../domain/incident/decide-incident.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Target } from "../../domain/policy/roles.ts";
import type { Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { checkPermission, type PermissionDeps, refusal } from "./check-permission.ts";
import { incidentWrite } from "../stream-writes.ts";

export interface IncidentActionDeps extends PermissionDeps {
  store: Store;
  services: readonly Service[];
}

export interface IncidentAction {
  action: "acknowledge" | "close";
  risk: Target["risk"];
  /** What to ask of the incident; a sentence where something stands in the way; null where asking was all. */
  command: (person: PersonFacts, incident: IncidentState) => Promise<IncidentCommand | string | null>;
  done: string;
}

/** What a person does to an incident: permission, a refusal into the ledger, else one decision and its commit. */
export async function actOnIncident(
  { incidentId, userId }: { incidentId: IncidentId; userId: string },
  { action, risk, command, done: text }: IncidentAction,
  deps: IncidentActionDeps,
): Promise<ActionAnswer> {
  const { ledger } = deps.store;
  const loaded = await ledger.incident(incidentId);
  if (loaded === null) return refused(`There is no incident ${incidentId}.`);
  const target = targetOf(loaded.state, risk, deps.services);
  const asked = await checkPermission(userId, action, target, deps);
  if (asked.kind === "unavailable") return asked;
  const { person, permission } = asked;

  return commitDecision<ActionAnswer>(deps.store, async () => {
    const { state, version } = (await ledger.incident(incidentId)) ?? loaded;
    const done: ActionAnswer =
      permission.kind === "refused"
        ? refusal(permission.reason, action, target, deps.rulebook)
        : { kind: "done", text };
    const meant: IncidentCommand | string | null =
      permission.kind === "refused"
        ? { command: "refuse", action, userId: person.userId, name: person.name, reason: permission.reason }
        : await command(person, state);
    if (meant === null) return { kind: "answer", answer: done };
    if (typeof meant === "string") return { kind: "answer", answer: refused(meant) };
    const answer = decideIncident(meant, state, await deps.store.now());
    if (answer.kind === "refused") return { kind: "answer", answer: refused(`${answer.reason}.`) };
    const { events } = answer;
    if (events.length === 0) return { kind: "answer", answer: done };
    const { correlationId } = state;
    return {
      kind: "commit",
      commit: {
        writes: [incidentWrite(incidentId, version, events)],
        followUps:
          permission.kind === "refused" ? [] : [{ stage: "notify", subject: incidentId, correlationId }],
      },
      after: () => done,
    };
  });
}

/** Whoever owns a service by its tags may act on its incidents; of no service, whoever may everywhere. */
function targetOf({ scope }: IncidentState, risk: Target["risk"], services: readonly Service[]): Target {
  const tags = services.find(({ name }) => name === scope?.service)?.flags.tags ?? [];
  return { project: scope?.project ?? "", environment: scope?.environment ?? "", tags, risk };
}

function refused(reason: string): ActionAnswer {
  return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
}

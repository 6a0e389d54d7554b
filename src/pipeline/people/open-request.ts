import { CorrelationId, type IncidentId, type Instant } from "../../domain/ids.ts";
import { decideIncident } from "../../domain/incident/decide-incident.ts";
import type { IncidentEvent, IncidentScope } from "../../domain/incident/events.ts";
import { evolveIncident, type IncidentState } from "../../domain/incident/incident.ts";
import type { Requester } from "../../domain/people.ts";
import type { PersonAction } from "../../domain/policy/roles.ts";
import type { Service } from "../../domain/service.ts";
import type { Store } from "../ports/storage.ts";
import { incidentWrite } from "../stream-writes.ts";

/** What a person asks for, as the incident that it becomes. */
export interface Request {
  /** Absent: no other request is the same one. */
  groupKey?: string;
  title: string;
  scope: IncidentScope | null;
  service: Service | null;
  person: Pick<Extract<Requester, { kind: "person" }>, "userId" | "name">;
  report?: { text: string; at: Instant };
}

/** The incident of kind `request` that this opens. Nothing is written. */
export function openRequest(
  id: IncidentId,
  { groupKey = `request/${id}`, title, scope, service, person, report }: Request,
  now: Instant,
): { events: IncidentEvent[]; state: IncidentState } {
  const { userId, name } = person;
  const answer = decideIncident(
    {
      command: "open",
      kind: "request",
      groupKey,
      correlationId: CorrelationId.parse(id),
      title,
      severity: "info",
      scope,
      tenant: service?.tenant ?? "",
      channel: service?.channel ?? "",
      requester: { kind: "person", userId, name },
      ...(report !== undefined && { report }),
      ...(scope === null && { noScopeBecause: "nobody said of which service it is" }),
    },
    null,
    now,
  );
  if (answer.kind === "refused") throw new Error(`A request was refused: ${answer.reason}`);
  let state: IncidentState | null = null;
  for (const event of answer.events) state = evolveIncident(id, state, event);
  if (state === null) throw new Error("a request opened nothing");
  return { events: answer.events, state };
}

/** Blocked is recorded too: the request is opened, refused and closed, in one, and shown nowhere. */
export async function recordRefusedRequest(
  id: IncidentId,
  request: Request,
  { action, reason }: { action: PersonAction; reason: string },
  store: Store,
): Promise<void> {
  const now = await store.now();
  const { events, state } = openRequest(id, request, now);
  const { userId, name } = request.person;
  const more = [
    { command: "refuse" as const, action, userId, name, reason },
    { command: "close" as const, userId: "", name: "", reason: "It was not permitted." },
  ].flatMap((command) => {
    const answer = decideIncident(command, state, now);
    return answer.kind === "events" ? answer.events : [];
  });
  await store.ledger.commit({ writes: [incidentWrite(id, 0, [...events, ...more])] });
}

import { outsideText } from "../../domain/evidence/outside-text.ts";
import { CorrelationId, type IncidentId, later } from "../../domain/ids.ts";
import type { IncidentScope } from "../../domain/incident/events.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Target } from "../../domain/policy/roles.ts";
import type { Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import { type Place, placesOf } from "../places-of.ts";
import type { ActionAnswer, LookIntoInput, OfferedPlaces } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { incidentWrite } from "../stream-writes.ts";
import { checkPermission, type PermissionDeps, refusal } from "./check-permission.ts";
import { namedPlace } from "./named-place.ts";
import { openRequest, recordRefusedRequest } from "./open-request.ts";
import { takeRequest } from "./take-request.ts";

export interface LookIntoDeps extends PermissionDeps {
  store: Store;
  services: readonly Service[];
  newIncidentId: () => IncidentId;
}

/** A draft may come of it, so it takes what asking for a change by hand takes. */
const action = "propose";
/** As much of a message as an alert may say. */
const mostText = 1000;
/** What was going on longer ago is not what somebody wants to know now. */
const oldestMs = 86_400_000;

/** Where this person may have something looked into, and which of these places the text names. */
export async function offerPlaces(
  { userId, text }: { userId: string; text: string },
  deps: LookIntoDeps,
): Promise<OfferedPlaces | Exclude<ActionAnswer, { kind: "done" }>> {
  const places: Place[] = [];
  let refused: { person: PersonFacts; reason: string; target: Target } | null = null;
  for (const place of placesOf(deps.services)) {
    const target = targetOf(place, deps);
    const asked = await checkPermission(userId, action, target, deps);
    if (asked.kind === "unavailable") return asked;
    const { person, permission } = asked;
    if (permission.kind === "granted") places.push(place);
    else refused ??= { person, reason: permission.reason, target };
  }
  if (places.length > 0) return { kind: "offered", places, named: namedPlace(text, places) };
  if (refused === null) return no("The catalogue has no service whose trouble could be looked into.");
  const request = { title: titleOf(text), scope: null, service: null, person: refused.person };
  const beyond = await takeRequest(deps.newIncidentId(), request, action, deps.store);
  if (beyond !== null) return beyond;
  await recordRefusedRequest(deps.newIncidentId(), request, { action, reason: refused.reason }, deps.store);
  return refusal(refused.reason, action, refused.target, deps.rulebook);
}

/**
 * Has a message looked into: it opens an incident of kind `request`, whose trouble began when the message was written,
 * and is investigated like any other. Its words are data. Asked twice about one message, it is one incident.
 */
export async function lookInto(input: LookIntoInput, deps: LookIntoDeps): Promise<ActionAnswer> {
  const { store, services } = deps;
  const text = outsideText(input.text, mostText);
  if (text === "") return no("Say what should be looked into.");
  const service = services.find(({ name }) => name === input.service);
  const keys = service?.environments[input.environmentName];
  if (service === undefined || keys === undefined) {
    return no(`The catalogue has no ${input.service} in ${input.environmentName}.`);
  }
  const scope: IncidentScope = { service: service.name, environmentName: input.environmentName, ...keys };
  const target = targetOf(scope, deps);
  const asked = await checkPermission(input.userId, action, target, deps);
  if (asked.kind === "unavailable") return asked;
  const { person, permission } = asked;
  const request = { title: titleOf(text), scope, service, person };
  const beyond = await takeRequest(deps.newIncidentId(), request, action, store);
  if (beyond !== null) return beyond;
  if (permission.kind === "refused") {
    const { reason } = permission;
    await recordRefusedRequest(deps.newIncidentId(), request, { action, reason }, store);
    return refusal(reason, action, target, deps.rulebook);
  }
  const groupKey = `message/${input.messageId}`;
  const id = deps.newIncidentId();
  return commitDecision<ActionAnswer>(store, async () => {
    const known = await store.ledger.openIncidentByGroup(groupKey);
    if (known !== null) return { kind: "answer", answer: already(known.state.id) };
    const now = await store.now();
    if (input.writtenAt < later(now, -oldestMs)) {
      return {
        kind: "answer",
        answer: no("The message is older than a day: write a new one about what is."),
      };
    }
    const at = input.writtenAt < now ? input.writtenAt : now;
    const { events } = openRequest(id, { ...request, groupKey, report: { text, at } }, now);
    const correlationId = CorrelationId.parse(id);
    const done = `${id} is open, and ${scope.service} in ${scope.environmentName} is being looked at.`;
    return {
      kind: "commit",
      commit: {
        writes: [incidentWrite(id, 0, events)],
        followUps: [
          { stage: "notify", subject: id, correlationId },
          { stage: "investigate", subject: id, correlationId },
        ],
      },
      after: (result) =>
        result.kind === "group_busy"
          ? already(result.incidentId)
          : { kind: "done", text: done, incidentId: id },
    };
  });
}

function already(incidentId: IncidentId): ActionAnswer {
  return { kind: "done", text: `${incidentId} is about this message already.`, incidentId };
}

function targetOf({ service, project, environment }: Place, { services }: LookIntoDeps): Target {
  const tags = services.find(({ name }) => name === service)?.flags.tags ?? [];
  return { project, environment, tags, risk: "reversible_write" };
}

function titleOf(text: string): string {
  return outsideText(text, 150) || "A message";
}

function no(reason: string): Extract<ActionAnswer, { kind: "refused" }> {
  return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
}

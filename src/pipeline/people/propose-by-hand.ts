import type { FlagSnapshot } from "../../domain/flag/flag.ts";
import { operationWords } from "../../domain/flag/operation-words.ts";
import { compile, type Plan } from "../../domain/flag/plan.ts";
import type { IncidentId, Instant } from "../../domain/ids.ts";
import { decideIncident } from "../../domain/incident/decide-incident.ts";
import type { IncidentEvent } from "../../domain/incident/events.ts";
import type { IncidentState } from "../../domain/incident/incident.ts";
import { OpsError } from "../../domain/ops-error.ts";
import type { PersonFacts, Requester } from "../../domain/people.ts";
import type { Target } from "../../domain/policy/roles.ts";
import { type EnvironmentKeys, mayTouch, type Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { ActionAnswer, OperationChoice, ProposeInput } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { type Proposed, proposeChange, type ProposeDeps } from "../propose-change.ts";
import { incidentWrite } from "../stream-writes.ts";
import { checkPermission, type PermissionDeps, refusal } from "./check-permission.ts";
import { openRequest, recordRefusedRequest, type Request } from "./open-request.ts";
import { operationsFor } from "./offer-operations.ts";
import { draftedText } from "./start-linked-change.ts";
import { takeRequest } from "./take-request.ts";

export interface ProposeByHandDeps extends PermissionDeps, ProposeDeps {
  store: Store;
  services: readonly Service[];
  flags: Pick<FlagReader, "refOf" | "read" | "segments">;
  newIncidentId: () => IncidentId;
}

/** What a person may ask of this flag as it is now, or why nothing. */
export async function offerOperations(
  place: EnvironmentKeys & { flagKey: string; userId: string },
  deps: ProposeByHandDeps,
): Promise<{ kind: "offered"; choices: OperationChoice[] } | Exclude<ActionAnswer, { kind: "done" }>> {
  const found = await findFlag(place, deps);
  if ("reason" in found) return refused(found.reason);
  const { snapshot, service } = found;
  const target: Target = { ...place, tags: snapshot.flag.tags, risk: "reversible_write" };
  const asked = await checkPermission(place.userId, "propose", target, deps);
  if (asked.kind === "unavailable") return asked;
  if (asked.permission.kind === "refused") {
    return refusal(asked.permission.reason, "propose", target, deps.rulebook);
  }
  const choices = operationsFor(snapshot, await deps.flags.segments(place), service);
  return {
    kind: "offered",
    choices: choices.map(({ id, label, diff, needs }) => ({ id, label, diff, needs })),
  };
}

/**
 * A change that a person asks for, through the same gate as any other: it opens an incident of kind `request`, in the
 * channel of the flag's service, and waits for whoever its contract names.
 */
export async function proposeByHand(input: ProposeInput, deps: ProposeByHandDeps): Promise<ActionAnswer> {
  const { userId, reason } = input;
  if (reason.trim() === "") return refused("Say why: it is kept in the ledger.");
  const found = await findFlag(input, deps);
  if ("reason" in found) return refused(found.reason);
  const { snapshot } = found;
  const compiled = await compileChoice(input, found, deps);
  if ("reason" in compiled) return refused(compiled.reason);
  const { plan } = compiled;

  const contract = deps.rulebook.contracts.get(plan.operation.tool);
  const target: Target = {
    project: input.project,
    environment: input.environment,
    tags: snapshot.flag.tags,
    risk: contract?.riskClass ?? "irreversible",
  };
  const asked = await checkPermission(userId, "propose", target, deps);
  if (asked.kind === "unavailable") return asked;
  const incidentId = deps.newIncidentId();
  const request = requestOf(asked.person, found, input);
  const beyond = await takeRequest(incidentId, request, "propose", deps.store);
  if (beyond !== null) return beyond;
  if (asked.permission.kind === "refused") {
    const { reason: because } = asked.permission;
    await recordRefusedRequest(incidentId, request, { action: "propose", reason: because }, deps.store);
    return refusal(asked.permission.reason, "propose", target, deps.rulebook);
  }
  return commitDecision<ActionAnswer>(deps.store, async () => {
    const now = await deps.store.now();
    const { events, state } = openRequest(incidentId, request, now);
    const proposed = await proposeChange(
      {
        incident: state,
        plan,
        summary: `${compiled.words} (${reason})`.slice(0, 500),
        requester: personOf(asked.person),
        agent: "",
        expected: null,
        lineage: null,
        reaches: [],
        evidence: { confidence: null, citations: 0, gaps: 0, coverage: null, earlierReview: "" },
      },
      deps,
      now,
    );
    return {
      kind: "commit",
      commit: {
        writes: [
          incidentWrite(incidentId, 0, [...events, ...endOf(state, proposed, now)]),
          ...proposed.writes,
        ],
        followUps: proposed.followUps,
      },
      after: async (result) => {
        if (result.kind !== "flag_busy") {
          const text = draftedText(proposed.changeId, proposed.decision);
          return { kind: "done", text, changeId: proposed.changeId };
        }
        const busy = await deps.store.ledger.change(result.changeId);
        return {
          kind: "refused",
          reason: `Another change of this flag is open: ${result.changeId}. Decide that one first.`,
          whoMay: { groups: [], users: [] },
          ...(busy !== null && {
            openChange: { changeId: result.changeId, incidentId: busy.state.incidentId },
          }),
        };
      },
    };
  });
}

interface Found {
  snapshot: FlagSnapshot;
  service: Service;
  environmentName: string;
}

/** The flag and the service on whose behalf it may be changed: what belongs to no service is nobody's to change here. */
async function findFlag(
  { project, environment, flagKey }: EnvironmentKeys & { flagKey: string },
  { flags, services }: ProposeByHandDeps,
): Promise<Found | { reason: string }> {
  const keys = { project, environment };
  let snapshot: FlagSnapshot | null;
  try {
    snapshot = await flags.read(await flags.refOf(keys, flagKey));
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== "not_found") throw error;
    return { reason: error.message };
  }
  if (snapshot === null) return { reason: `There is no flag ${flagKey} in ${project}/${environment}.` };
  const { flag } = snapshot;
  for (const service of services) {
    const name = Object.entries(service.environments).find(
      ([, each]) => each.project === project && each.environment === environment,
    )?.[0];
    if (name !== undefined && mayTouch(service, flag)) return { snapshot, service, environmentName: name };
  }
  return {
    reason: `The flag ${flagKey} belongs to no service of the catalogue in ${project}/${environment}: name it, or one of its tags, under a service's flags in signalman.yml.`,
  };
}

async function compileChoice(
  { choiceId, percent, userKeys, project, environment }: ProposeInput,
  { snapshot, service }: Found,
  { flags }: ProposeByHandDeps,
): Promise<{ plan: Plan; words: string } | { reason: string }> {
  const segments = await flags.segments({ project, environment });
  const choice = operationsFor(snapshot, segments, service).find(({ id }) => id === choiceId);
  if (choice === undefined) {
    return { reason: "That is no longer on offer: the flag has moved. Look at it again." };
  }
  const operation = choice.operationOf({ percent, userKeys });
  if (operation === null) {
    return {
      reason:
        choice.needs === "users"
          ? "Name the users, by their keys."
          : "Say which share, from 0 to 100 percent.",
    };
  }
  const compiled = compile(operation, snapshot, segments);
  if (compiled.kind === "refused") return { reason: compiled.reason };
  return { plan: compiled.plan, words: operationWords(operation, snapshot.flag) };
}

function requestOf(
  person: PersonFacts,
  { snapshot, service, environmentName }: Found,
  { project, environment, reason }: ProposeInput,
): Request {
  return {
    title: `${snapshot.flag.key}: ${reason}`.slice(0, 300),
    scope: { service: service.name, environmentName, project, environment },
    service,
    person,
  };
}

function personOf({ userId, name }: PersonFacts): Requester {
  return { kind: "person", userId, name };
}

function refused(reason: string): Extract<ActionAnswer, { kind: "refused" }> {
  return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
}

/** What policy denies at once leaves nothing to wait for. */
function endOf(state: IncidentState, { changeId, decision }: Proposed, now: Instant): IncidentEvent[] {
  if (decision.kind !== "deny") return [];
  const reason = `${changeId} was denied.`;
  const answer = decideIncident({ command: "close", userId: "", name: "", reason }, state, now);
  return answer.kind === "events" ? answer.events : [];
}

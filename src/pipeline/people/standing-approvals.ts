import { type ChangeId, later, type StandingId } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import type { ActionContract } from "../../domain/policy/action-contract.ts";
import { officeActionOf } from "../../domain/policy/office-action.ts";
import type { ValidApproval } from "../../domain/policy/requirement.ts";
import type { PersonAction, Target } from "../../domain/policy/roles.ts";
import { decideStanding, type StandingCommand } from "../../domain/standing/decide-standing.ts";
import { StandingEvent } from "../../domain/standing/events.ts";
import type { StandingState } from "../../domain/standing/standing.ts";
import { commitDecision } from "../commit-decision.ts";
import { decideNow } from "../decide-now.ts";
import { aboutOf } from "../post-notice.ts";
import type { ActionAnswer, StandingWish } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";
import { showConcerned } from "../show-concerned.ts";
import { standingWrite } from "../stream-writes.ts";
import { tellStanding } from "../tell-of-standing.ts";
import { type Covered, coveredBy, type CoveredDeps, limitsOf, summaryOf } from "./covered-operation.ts";
import {
  type Asked,
  checkPermission,
  type PermissionDeps,
  refusal,
  refuseAction,
} from "./check-permission.ts";

export interface StandingDeps extends PermissionDeps, CoveredDeps {
  newStandingId: () => StandingId;
}

/** Asks for a click made ahead: it counts as soon as as many others agree as the contract wants. */
export async function requestStanding(wish: StandingWish, deps: StandingDeps): Promise<ActionAnswer> {
  const covered = await coveredBy(wish.of, deps);
  if (typeof covered === "string") return refused(covered);
  const limits = await limitsOf(covered, deps);
  if (typeof limits === "string") return refused(limits);
  const asked = await mayGrant(wish.userId, covered, deps);
  if (asked.kind !== "granted") return refusedGrant(asked, wish.of, deps);
  const { person, roles } = asked;
  const id = deps.newStandingId();
  const { severity, confidence, maxUses, forMs, reason } = wish;
  const summary = summaryOf(covered, severity, confidence);
  const action = actionOf(id, covered, person, summary, deps);
  return change(id, deps, async (_state, now) => ({
    command: "request",
    bounds: {
      ref: covered.ref,
      operation: covered.operation,
      condition: { severity, confidence, service: covered.service },
      maxUses,
      until: later(now, forMs),
    },
    limits,
    summary,
    reason,
    roles,
    action,
    decision: await decideNow(action, { plan: null, incident: null }, { approvals: [] }, deps),
    ...person,
  }));
}

/** Before a form is opened: may this person ask for it, and does the contract have it? */
export async function checkStanding(
  { changeId, userId }: { changeId: ChangeId; userId: string },
  deps: StandingDeps,
): Promise<ActionAnswer> {
  const covered = await coveredBy({ kind: "change", changeId }, deps);
  if (typeof covered === "string") return refused(covered);
  const limits = await limitsOf(covered, deps);
  if (typeof limits === "string") return refused(limits);
  const asked = await mayGrant(userId, covered, deps);
  if (asked.kind !== "granted") return refusedGrant(asked, { kind: "change", changeId }, deps);
  return { kind: "done", text: "Yes." };
}

/** Of a change the refusal is in its own stream; before there is a standing approval there is no other. */
async function refusedGrant(
  { answer, action, asked }: Extract<Grant, { kind: "no" }>,
  of: StandingWish["of"],
  deps: StandingDeps,
): Promise<ActionAnswer> {
  if (of.kind === "change" && asked !== null) await refuseAction(of.changeId, action, asked, deps);
  return answer;
}

/** One more person agrees. Whoever asked, and whoever agreed before, must still be permitted. */
export async function endorseStanding(
  { standingId, userId }: { standingId: StandingId; userId: string },
  deps: StandingDeps,
): Promise<ActionAnswer> {
  const request = await requestOf(standingId, deps.store);
  if (request === null) return refused(`There is no standing approval ${standingId}.`);
  const covered = coveredOf(request);
  const asked = await mayGrant(userId, covered, deps);
  if (asked.kind !== "granted") {
    if (asked.asked?.permission.kind !== "refused") return asked.answer;
    const { reason } = asked.asked.permission;
    const { name } = asked.asked.person;
    await change(standingId, deps, async () => ({ command: "refuse", asked: "grant", reason, userId, name }));
    return asked.answer;
  }
  const { person, roles } = asked;
  if (userId !== request.userId) {
    const requester = await mayGrant(request.userId, covered, deps);
    if (requester.kind !== "granted") return refused(`${request.name}, who asked for it, may not any more.`);
  }
  return change(standingId, deps, async (state) => {
    const approvals: ValidApproval[] = [{ userId, roles }];
    for (const each of state?.endorsedBy ?? []) {
      const still = await mayGrant(each.userId, covered, deps);
      if (still.kind === "granted") approvals.push({ userId: each.userId, roles: still.roles });
    }
    const decision = await decideNow(request.action, { plan: null, incident: null }, { approvals }, deps);
    return { command: "endorse", roles, decision, ...person };
  });
}

/** Ends it at once, for what it has approved and is not carried out yet as well. It takes authority away: `override`. */
export async function revokeStanding(
  { standingId, userId, reason }: { standingId: StandingId; userId: string; reason: string },
  deps: StandingDeps,
): Promise<ActionAnswer> {
  const request = await requestOf(standingId, deps.store);
  if (request === null) return refused(`There is no standing approval ${standingId}.`);
  const target = targetOf(coveredOf(request), deps);
  const asked = await checkPermission(userId, "override", target, deps);
  if (asked.kind === "unavailable") return asked;
  const { name } = asked.person;
  if (asked.permission.kind === "refused") {
    const why = asked.permission.reason;
    await change(standingId, deps, async () => ({
      command: "refuse",
      asked: "revoke",
      reason: why,
      userId,
      name,
    }));
    return refusal(why, "override", target, deps.rulebook);
  }
  return change(standingId, deps, async () => ({ command: "revoke", reason, userId, name }));
}

type Refusing = Extract<Asked, { kind: "asked" }>;
type Grant =
  | { kind: "granted"; person: { userId: string; name: string }; roles: string[] }
  /** `asked`: what to record of a refusal; null where nobody could be asked. */
  | { kind: "no"; answer: ActionAnswer; action: PersonAction; asked: Refusing | null };

/** Whoever grants it must also be permitted to approve what it covers. */
async function mayGrant(userId: string, covered: Covered, deps: StandingDeps): Promise<Grant> {
  const target = targetOf(covered, deps);
  const risk = deps.rulebook.contracts.get(covered.operation.tool)?.riskClass ?? "irreversible";
  const asks: [PersonAction, Target][] = [
    ["approve", { ...target, risk }],
    ["grant_standing", target],
  ];
  let granted: Grant | null = null;
  for (const [action, place] of asks) {
    const asked = await checkPermission(userId, action, place, deps);
    if (asked.kind === "unavailable") return { kind: "no", answer: asked, action, asked: null };
    if (asked.permission.kind === "refused") {
      const answer = refusal(asked.permission.reason, action, place, deps.rulebook);
      return { kind: "no", answer, action, asked };
    }
    const person = { userId, name: asked.person.name };
    granted = { kind: "granted", person, roles: asked.permission.roles };
  }
  if (granted === null) throw new Error(`nobody was asked about ${userId}`);
  return granted;
}

function targetOf({ ref, tags }: Covered, { rulebook }: StandingDeps): Target {
  const risk = rulebook.contracts.get("approval.grant_standing")?.riskClass ?? "irreversible";
  return { project: ref.project, environment: ref.environment, tags, risk };
}

function actionOf(
  id: StandingId,
  { ref, service, tags }: Covered,
  person: { userId: string; name: string },
  summary: string,
  { rulebook }: StandingDeps,
): ActionContract {
  return officeActionOf(
    {
      tool: "approval.grant_standing",
      request: aboutOf(streamOf("standing", id)),
      requester: { kind: "person", ...person },
      intent: `Allow without a click: ${summary}`,
      target: { ...ref, service, tags },
      raisesAuthority: true,
    },
    rulebook,
  );
}

type Request = Extract<StandingEvent, { type: "standing_requested" }>;

/** The event that it began with; null: there is no such standing approval. */
async function requestOf(id: StandingId, { ledger }: Pick<Store, "ledger">): Promise<Request | null> {
  const [entry] = await ledger.events(streamOf("standing", id), { types: ["standing_requested"], limit: 1 });
  if (entry === undefined) return null;
  const event = StandingEvent.parse({ type: entry.type, at: entry.at, ...entry.data });
  return event.type === "standing_requested" ? event : null;
}

function coveredOf({ bounds, action, summary }: Request): Covered {
  const { ref, operation, condition } = bounds;
  return { ref, operation, service: condition.service, tags: action.target.tags, what: summary };
}

async function change(
  id: StandingId,
  deps: StandingDeps,
  build: (state: StandingState | null, now: ReturnType<typeof later>) => Promise<StandingCommand>,
): Promise<ActionAnswer> {
  const { store } = deps;
  return commitDecision<ActionAnswer>(store, async () => {
    const now = await store.now();
    const loaded = await store.ledger.standing(id);
    const command = await build(loaded?.state ?? null, now);
    const answer = decideStanding(command, loaded?.state ?? null, now);
    const { events } = answer;
    const done: ActionAnswer =
      answer.kind === "refused"
        ? refused(answer.reason)
        : { kind: "done", text: doneText(id, command, events) };
    if (events.length === 0) return { kind: "answer", answer: done };
    const isNews = command.command !== "refuse";
    const service = loaded?.state.bounds.condition.service;
    return {
      kind: "commit",
      commit: {
        writes: [standingWrite(id, loaded?.version ?? 0, events)],
        followUps: isNews
          ? [tellStanding(id), ...(service === undefined ? [] : await showConcerned(service, store))]
          : [],
      },
      after: () => done,
    };
  });
}

function doneText(id: StandingId, command: StandingCommand, events: readonly StandingEvent[]): string {
  if (events.some(({ type }) => type === "standing_granted")) return `${id} counts from now on.`;
  if (command.command === "revoke") return `${id} is revoked.`;
  const decided = events.find((event) => "decision" in event);
  const why = decided !== undefined && "decision" in decided ? ` ${decided.decision.reasons.join(" ")}` : "";
  if (command.command === "request") return `${id} is asked for. Somebody else must agree.${why}`;
  return events.length === 0 ? "You have agreed already, or it counts already." : `You agree to ${id}.${why}`;
}

function refused(reason: string): Extract<ActionAnswer, { kind: "refused" }> {
  return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
}

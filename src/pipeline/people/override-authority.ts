import { type AuthorityState, everywhere, liveOverrides } from "../../domain/authority/authority.ts";
import { type AuthorityCommand, decideAuthority } from "../../domain/authority/decide-authority.ts";
import type { AuthorityEvent, OverrideWish } from "../../domain/authority/events.ts";
import { wishText } from "../../domain/authority/wish-text.ts";
import { suggestion } from "../../domain/closest-word.ts";
import type { Instant } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { ActionContract } from "../../domain/policy/action-contract.ts";
import { officeActionOf } from "../../domain/policy/office-action.ts";
import type { ValidApproval } from "../../domain/policy/requirement.ts";
import type { Target } from "../../domain/policy/roles.ts";
import { ToolName } from "../../domain/policy/tool-name.ts";
import type { Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import { type DecideDeps, decideNow } from "../decide-now.ts";
import { aboutOf } from "../post-notice.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Loaded, Store } from "../ports/storage.ts";
import { showConcerned } from "../show-concerned.ts";
import { authorityWrite } from "../stream-writes.ts";
import { tellAuthority } from "../tell-of-authority.ts";
import { checkPermission, type PermissionDeps, refusal } from "./check-permission.ts";
import { targetsOf } from "./service-targets.ts";

export interface AuthorityDeps extends PermissionDeps, DecideDeps {
  store: Store;
  services: readonly Service[];
}

interface Asking {
  /** A service's name, or `*`. */
  scope: string;
  userId: string;
}

/** A permitted person, with the roles through which they are permitted everywhere the scope reaches. */
interface Permitted {
  kind: "permitted";
  person: PersonFacts;
  roles: string[];
}

/** Takes authority away from one service or from all, at once and for a time. Needs our own database and Slack alone. */
export async function overrideAuthority(
  { scope, userId, wish, forMs, reason }: Asking & { wish: OverrideWish; forMs: number; reason: string },
  deps: AuthorityDeps,
): Promise<ActionAnswer> {
  const unknown = unknownTool(wish);
  if (unknown !== null) return refused(unknown);
  const asked = await permitted({ scope, userId }, "override", deps);
  if (asked.kind !== "permitted") return asked;
  const { person } = asked;
  const action = actionOf(scope, `Lower authority: ${wishText(wish)}`, person, false, deps);
  return change(scope, deps, async () => {
    const decision = await decideNow(action, { plan: null, incident: null }, { approvals: [] }, deps);
    return { command: "override", wish, forMs, reason, ...named(person), action, decision };
  });
}

/** Gives back everything that was taken away, or asks a second person to agree where the contract wants one. */
export async function resumeAuthority(
  { scope, userId, reason }: Asking & { reason: string },
  deps: AuthorityDeps,
): Promise<ActionAnswer> {
  const asked = await permitted({ scope, userId }, "resume", deps);
  if (asked.kind !== "permitted") return asked;
  const { person, roles } = asked;
  return change(scope, deps, async (loaded, now) => {
    const before = await stillAsking(scope, userId, loaded?.state ?? null, deps, now);
    // Whoever asked first is the one who wants it; the others agree.
    const [first = { ...named(person), roles }, ...others] = before;
    const action = actionOf(scope, "Give authority back", first, true, deps);
    const approvals: ValidApproval[] = [...others, { userId, roles }];
    const decision = await decideNow(action, { plan: null, incident: null }, { approvals }, deps);
    return { command: "resume", roles, reason, ...named(person), action, decision };
  });
}

/** Before a form is opened: may they? Records a refusal. */
export async function checkAuthority(
  { asked: what, ...asking }: Asking & { asked: "override" | "resume" },
  deps: AuthorityDeps,
): Promise<ActionAnswer> {
  const asked = await permitted(asking, what, deps);
  return asked.kind === "permitted" ? { kind: "done", text: "Yes." } : asked;
}

/** Of those who asked before, whoever still may, by Slack's word of this moment. */
async function stillAsking(
  scope: string,
  userId: string,
  state: AuthorityState | null,
  deps: AuthorityDeps,
  now: Instant,
): Promise<{ userId: string; name: string; roles: string[] }[]> {
  const still: { userId: string; name: string; roles: string[] }[] = [];
  for (const each of state?.resumeAsked ?? []) {
    if (each.until <= now || each.userId === userId) continue;
    const roles = await rolesOf(each.userId, "resume", targetsIn(scope, deps), deps);
    if (roles.kind === "permitted") still.push({ ...each, roles: roles.roles });
  }
  return still;
}

async function permitted(
  { scope, userId }: Asking,
  action: "override" | "resume",
  deps: AuthorityDeps,
): Promise<Permitted | ActionAnswer> {
  const known = deps.services.map(({ name }) => name);
  if (scope !== everywhere && !known.includes(scope)) {
    return refused(`There is no service "${scope}" in the catalogue.${suggestion(scope, known)}`);
  }
  const asked = await rolesOf(userId, action, targetsIn(scope, deps), deps);
  if (asked.kind !== "barred") return asked;
  const { person, reason, target } = asked;
  await change(scope, deps, async () => ({ command: "refuse", asked: action, reason, ...named(person) }));
  return refusal(reason, action, target, deps.rulebook);
}

type Roles =
  | Permitted
  | { kind: "barred"; person: PersonFacts; reason: string; target: Target }
  | Extract<ActionAnswer, { kind: "unavailable" }>;

async function rolesOf(
  userId: string,
  action: "override" | "resume",
  targets: readonly Target[],
  deps: AuthorityDeps,
): Promise<Roles> {
  let found: Permitted | null = null;
  for (const target of targets) {
    const asked = await checkPermission(userId, action, target, deps);
    if (asked.kind === "unavailable") return asked;
    const { person, permission } = asked;
    if (permission.kind === "refused") return { kind: "barred", person, reason: permission.reason, target };
    const roles: string[] = (found?.roles ?? permission.roles).filter((role) =>
      permission.roles.includes(role),
    );
    found = { kind: "permitted", person, roles };
  }
  if (found === null) throw new Error(`nobody was asked about ${userId}`);
  return found;
}

/** What concerns everything takes a permission that holds without a place, and in every place there is. */
export function targetsIn(
  scope: string,
  { services, rulebook }: Pick<AuthorityDeps, "services" | "rulebook">,
): Target[] {
  const risk = rulebook.contracts.get("mode.override")?.riskClass ?? "irreversible";
  const concerned = services.filter(({ name }) => scope === everywhere || name === scope);
  const anywhere: Target[] = scope === everywhere ? [{ project: "", environment: "", tags: [], risk }] : [];
  return [...anywhere, ...concerned.flatMap((service) => targetsOf(service, risk))];
}

function actionOf(
  scope: string,
  intent: string,
  person: { userId: string; name: string },
  raisesAuthority: boolean,
  { services, rulebook }: AuthorityDeps,
): ActionContract {
  const service = services.find(({ name }) => name === scope);
  const places = Object.values(service?.environments ?? {});
  const [only] = places;
  return officeActionOf(
    {
      tool: "mode.override",
      request: aboutOf(streamOf("authority", scope)),
      requester: { kind: "person", ...named(person) },
      intent: `${intent}, ${whereText(scope)}`,
      target: {
        service: service?.name ?? "",
        tags: service?.flags.tags ?? [],
        // Of what reaches over several environments the contract's default speaks.
        ...(places.length === 1 && only !== undefined ? only : {}),
      },
      raisesAuthority,
    },
    rulebook,
  );
}

type Build = (loaded: Loaded<AuthorityState> | null, now: Instant) => Promise<AuthorityCommand>;

async function change(scope: string, deps: AuthorityDeps, build: Build): Promise<ActionAnswer> {
  const { store } = deps;
  return commitDecision<ActionAnswer>(store, async () => {
    const now = await store.now();
    const loaded = await store.ledger.authorityOf(scope);
    const command = await build(loaded, now);
    const answer = decideAuthority(command, loaded?.state ?? null, now);
    const { events } = answer;
    const done: ActionAnswer =
      answer.kind === "refused"
        ? refused(answer.reason)
        : { kind: "done", text: await doneText(scope, command, events, store, now) };
    if (events.length === 0) return { kind: "answer", answer: done };
    const isNews = events.some(({ type }) => type !== "override_refused");
    return {
      kind: "commit",
      commit: {
        writes: [authorityWrite(scope, loaded?.version ?? 0, events)],
        followUps: isNews ? [tellAuthority(scope), ...(await showConcerned(scope, store))] : [],
      },
      after: () => done,
    };
  });
}

async function doneText(
  scope: string,
  command: AuthorityCommand,
  events: readonly AuthorityEvent[],
  store: Store,
  now: Instant,
): Promise<string> {
  const where = whereText(scope);
  const [event] = events;
  if (event?.type === "override_set") return `Set ${where} until ${event.until}: ${wishText(event.wish)}.`;
  if (event?.type === "authority_resumed") return `Authority is given back ${where}.`;
  if (event?.type === "resume_requested") {
    return `Asked for ${where}: somebody else must agree before ${event.until}. ${event.decision.reasons.join(" ")}`;
  }
  if (command.command === "override") return `It is so already ${where}: ${wishText(command.wish)}.`;
  const elsewhere = (await store.ledger.authorities())
    .map(({ state }) => state)
    .filter((state) => isLowered(state, now));
  if (elsewhere.some((state) => state.scope === scope)) return `You have asked for it ${where} already.`;
  const others = elsewhere.map((state) => whereText(state.scope)).join(", ");
  return `Nothing is taken away ${where}.${others === "" ? "" : ` Something is ${others}.`}`;
}

/** True where people, or Signalman's own record, have taken something away that has not come back. */
export function isLowered(state: AuthorityState, now: Instant): boolean {
  return state.lowered !== null || liveOverrides(state, now).length > 0;
}

function whereText(scope: string): string {
  return scope === everywhere ? "everywhere" : `for ${scope}`;
}

function named({ userId, name }: { userId: string; name: string }): { userId: string; name: string } {
  return { userId, name };
}

/** Null where the tool may be denied. */
function unknownTool(wish: OverrideWish): string | null {
  if (wish.kind !== "deny_tool") return null;
  if (wish.tool === "mode.override") {
    return "mode.override cannot be denied: nobody could give anything back.";
  }
  const { options } = ToolName;
  if (options.some((tool) => tool === wish.tool)) return null;
  return `There is no tool "${wish.tool}".${suggestion(wish.tool, options)}`;
}

function refused(reason: string): ActionAnswer {
  return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
}

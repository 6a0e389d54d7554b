import type { ChangeState } from "../domain/change/change.ts";
import type { Proposal } from "../domain/change/proposal.ts";
import { describeFlag } from "../domain/flag/describe-flag.ts";
import { digestOf } from "../domain/flag/digest.ts";
import type { FlagSnapshot } from "../domain/flag/flag.ts";
import type { Instant } from "../domain/ids.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { PersonFacts } from "../domain/people.ts";
import type { BrokenGlass, CoveringApproval } from "../domain/policy/decide-action.ts";
import type { Decision } from "../domain/policy/decision.ts";
import type { RiskClass } from "../domain/policy/governance-contract.ts";
import type { ValidApproval } from "../domain/policy/requirement.ts";
import { permissionFor, type PersonAction } from "../domain/policy/roles.ts";
import { governingHashes } from "../domain/policy/rulebook.ts";
import { isLive } from "../domain/standing/standing.ts";
import type { FlagReader } from "./ports/flag-platform.ts";
import type { Identity } from "./ports/people.ts";
import type { Store } from "./ports/storage.ts";
import { type DecideDeps, decideOnChange, type Given } from "./decide-now.ts";

export interface RecheckDeps extends DecideDeps {
  store: Pick<Store, "ledger">;
  identity: Identity;
  flags: Pick<FlagReader, "read" | "segments">;
}

/** Why an execution that was begun, but whose write never reached the platform, must not be sent after all. */
export async function withdrawnBecause(
  state: ChangeState,
  deps: RecheckDeps,
  now: Instant,
): Promise<string | null> {
  if (state.expiresAt !== null && now >= state.expiresAt)
    return "The approval expired before it could be sent.";
  const { digest, plan } = state.proposal;
  const { contractHash, rolesHash } = governingHashes(deps.rulebook, plan.operation.tool);
  if (digestOf(plan, { contractHash, rolesHash }) !== digest) {
    return "The rules it was approved under have changed.";
  }
  const decision = await decisionOn(state, deps, now);
  return decision.kind === "allow" ? null : `Policy no longer allows it: ${decision.reasons.join(" ")}`;
}

/** Policy's answer on what people have given that still holds. */
export async function decisionOn(state: ChangeState, deps: RecheckDeps, now: Instant): Promise<Decision> {
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  return decideOnChange(state, incident.state, stillGiven(state, deps, now), deps);
}

export type Freshness =
  { kind: "fresh"; digest: string } | { kind: "stale"; reason: string; current: string[] };

/** Is everything that the change was drafted from still as it was? Reads the flag platform now. */
export async function freshnessOf(
  state: ChangeState,
  deps: Pick<RecheckDeps, "flags" | "rulebook">,
): Promise<Freshness> {
  const snapshot = await deps.flags.read(state.proposal.plan.ref);
  if (snapshot === null) return { kind: "stale", reason: "The flag is gone.", current: [] };
  const digest = await currentDigest(state, snapshot, deps);
  if (digest === state.proposal.digest) return { kind: "fresh", digest };
  return {
    kind: "stale",
    reason: "The flag, a segment it uses, or the rules it was approved under have changed since.",
    current: describeFlag(snapshot.flag, snapshot.segments),
  };
}

/** The digest the change would have if it were drafted from the flag, its segments and the rules as they are now. */
async function currentDigest(
  state: ChangeState,
  snapshot: FlagSnapshot,
  deps: Pick<RecheckDeps, "flags" | "rulebook">,
): Promise<string | null> {
  const { plan } = state.proposal;
  const known = new Map(snapshot.segments.map((segment) => [segment.id, segment]));
  // Segments that only the plan brings in are not in a snapshot of the flag.
  if (plan.before.segments.some((segment) => !known.has(segment.id))) {
    for (const segment of await deps.flags.segments(plan.ref)) known.set(segment.id, segment);
  }
  const segments = plan.before.segments.flatMap((segment) => known.get(segment.id) ?? []);
  if (segments.length !== plan.before.segments.length) return null;
  return digestOf(
    { ...plan, before: { ...snapshot, segments } },
    governingHashes(deps.rulebook, plan.operation.tool),
  );
}

/** What people have given that still holds by Slack's word, and the ledger's, of this moment. */
async function stillGiven(state: ChangeState, deps: RecheckDeps, now: Instant): Promise<Given> {
  const [approvals, brokenGlass, standing] = await Promise.all([
    stillValid(state, deps),
    stillBroken(state, deps, now),
    stillStanding(state, deps, now),
  ]);
  return { approvals, brokenGlass, standing };
}

async function stillBroken(
  { glass, proposal }: ChangeState,
  deps: RecheckDeps,
  now: Instant,
): Promise<BrokenGlass | null> {
  if (glass === null || glass.digest !== proposal.digest || glass.until <= now) return null;
  // It stands for approvals, so whoever may not approve may not break it either.
  const [mayBreak, mayApprove] = await Promise.all([
    rolesNow(glass.userId, "break_glass", proposal, deps),
    rolesNow(glass.userId, "approve", proposal, deps),
  ]);
  return mayBreak === null || mayApprove === null ? null : { name: glass.name, roles: mayBreak };
}

/**
 * A standing approval counts until it is revoked or over, whatever was approved by it before, and only while everybody
 * who granted it could still do so.
 */
async function stillStanding(
  { id, standing, proposal }: ChangeState,
  deps: RecheckDeps,
  now: Instant,
): Promise<CoveringApproval | null> {
  if (standing === null || standing.digest !== proposal.digest) return null;
  const loaded = await deps.store.ledger.standing(standing.standingId);
  if (loaded === null || !isLive(loaded.state, now)) return null;
  const { uses, requestedBy, endorsedBy } = loaded.state;
  if (!uses.some(({ changeId }) => changeId === id)) return null;
  const risk = deps.rulebook.contracts.get("approval.grant_standing")?.riskClass ?? "irreversible";
  for (const { userId } of [requestedBy, ...endorsedBy]) {
    const [mayApprove, mayGrant] = await Promise.all([
      rolesNow(userId, "approve", proposal, deps),
      rolesNow(userId, "grant_standing", proposal, deps, risk),
    ]);
    if (mayApprove === null || mayGrant === null) return null;
  }
  return { id: standing.standingId, by: standing.by };
}

/** Approvals whose voters are, by Slack's word of this moment, still who they were and still permitted. */
export async function stillValid(state: ChangeState, deps: RecheckDeps): Promise<ValidApproval[]> {
  const { proposal } = state;
  const { digest } = proposal;
  const cast = state.votes.filter((vote) => vote.vote === "approve" && vote.digest === digest);
  const asked = await Promise.all(
    cast.map(async ({ userId }) => ({ userId, roles: await rolesNow(userId, "approve", proposal, deps) })),
  );
  return asked.flatMap(({ userId, roles }) => (roles === null ? [] : [{ userId, roles }]));
}

/** The roles through which somebody may do this now, by Slack's word of this moment; null: they may not. */
async function rolesNow(
  userId: string,
  does: PersonAction,
  { action }: Proposal,
  { identity, rulebook }: RecheckDeps,
  risk: RiskClass = action.riskClass,
): Promise<string[] | null> {
  const [person, home] = await Promise.all([personOrNobody(userId, identity), identity.homeTeamId()]);
  if (person === null) return null;
  const target = { ...action.target, risk };
  const permission = permissionFor(person, does, target, rulebook.roles, home);
  return permission.kind === "granted" ? permission.roles : null;
}

/** Null for an account that is gone: its vote no longer counts, which is an answer and not a failure. */
async function personOrNobody(userId: string, identity: Identity): Promise<PersonFacts | null> {
  try {
    return await identity.person(userId, 0);
  } catch (error) {
    if (error instanceof OpsError && error.code === "not_found") return null;
    throw error;
  }
}

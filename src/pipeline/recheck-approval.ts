import type { ChangeState } from "../domain/change/change.ts";
import { describeFlag } from "../domain/flag/describe-flag.ts";
import { digestOf } from "../domain/flag/digest.ts";
import type { FlagSnapshot } from "../domain/flag/flag.ts";
import type { Instant } from "../domain/ids.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { PersonFacts } from "../domain/people.ts";
import type { ValidApproval } from "../domain/policy/decide-action.ts";
import { permissionFor } from "../domain/policy/roles.ts";
import { governingHashes } from "../domain/policy/rulebook.ts";
import type { FlagReader } from "./ports/flag-platform.ts";
import type { Identity } from "./ports/people.ts";
import type { Store } from "./ports/storage.ts";
import { decideNow, type ProposeDeps } from "./propose-change.ts";

export interface RecheckDeps extends Pick<ProposeDeps, "rulebook" | "controls"> {
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
  const { action, digest, plan } = state.proposal;
  const { contractHash, rolesHash } = governingHashes(deps.rulebook, plan.operation.tool);
  if (digestOf(plan, { contractHash, rolesHash }) !== digest) {
    return "The rules it was approved under have changed.";
  }
  const incident = await deps.store.ledger.incident(state.incidentId);
  if (incident === null) throw new Error(`change/${state.id}: its incident ${state.incidentId} is missing`);
  const decision = await decideNow(action, incident.state, await stillValid(state, deps), deps);
  return decision.kind === "allow" ? null : `Policy no longer allows it: ${decision.reasons.join(" ")}`;
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

/** Approvals whose voters are, by Slack's word of this moment, still who they were and still permitted. */
export async function stillValid(state: ChangeState, deps: RecheckDeps): Promise<ValidApproval[]> {
  const { action, digest } = state.proposal;
  const home = await deps.identity.homeTeamId();
  const approvals: ValidApproval[] = [];
  for (const vote of state.votes.filter((cast) => cast.vote === "approve" && cast.digest === digest)) {
    const person = await personOrNobody(vote.userId, deps.identity);
    if (person === null) continue;
    const target = { ...action.target, risk: action.riskClass };
    const permission = permissionFor(person, "approve", target, deps.rulebook.roles, home);
    if (permission.kind === "granted") approvals.push({ userId: vote.userId, roles: permission.roles });
  }
  return approvals;
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

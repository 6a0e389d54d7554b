import { everywhere } from "../../domain/authority/authority.ts";
import type { ChangeState } from "../../domain/change/change.ts";
import { decidingRoles } from "../../domain/change/deciding-roles.ts";
import type { Instant } from "../../domain/ids.ts";
import type { PersonFacts } from "../../domain/people.ts";
import { permissionFor, type PersonAction } from "../../domain/policy/roles.ts";
import type { Service } from "../../domain/service.ts";
import { contextFor, placesOf } from "../places-of.ts";
import type { Controls } from "../ports/controls.ts";
import type { Home, PlaceMode } from "../ports/home.ts";
import type { Store } from "../ports/storage.ts";
import { targetsIn } from "./override-authority.ts";
import { readLowered } from "./read-lowered.ts";
import { type PermissionDeps, targetOf } from "./check-permission.ts";
import { knownMember } from "./known-member.ts";

export interface HomeDeps extends PermissionDeps {
  store: Store;
  controls: Controls;
  services: readonly Service[];
}

/** More than anybody would read; whoever shows it says how many are left out. */
const listed = 100;

/** What waits for this person, what is open, and how much Signalman may do where. */
export async function readHome(userId: string, deps: HomeDeps): Promise<Home> {
  const { store, rulebook } = deps;
  const known = await knownMember(userId, deps);
  if (known.kind !== "member") return known;
  const { person, homeTeamId: home } = known;
  const mayIn = (scope: string, action: PersonAction): boolean =>
    targetsIn(scope, deps).every(
      (target) => permissionFor(person, action, target, rulebook.roles, home).kind === "granted",
    );
  const [now, changes, incidents, modes, lowered] = await Promise.all([
    store.now(),
    store.ledger.changes({ statuses: ["awaiting_approval"], order: "oldest_first", limit: listed }),
    store.ledger.incidents({ open: true, limit: listed }),
    Promise.all(placesOf(deps.services).map((place) => modeAt(place, deps))),
    readLowered(store),
  ]);
  return {
    kind: "shown",
    waiting: changes
      .map(({ state }) => state)
      .filter((change) => mayDecide(change, person, home, now, deps))
      .toSorted((a, b) => (a.expiresAt ?? "").localeCompare(b.expiresAt ?? "")),
    incidents: incidents
      .map(({ state }) => state)
      .filter(({ mutedUntil }) => mutedUntil === null || mutedUntil <= now),
    modes,
    lowered: lowered.map((state) => ({ state, mayResume: mayIn(state.scope, "resume") })),
    mayLower: [everywhere, ...deps.services.map(({ name }) => name)].some((scope) =>
      mayIn(scope, "override"),
    ),
  };
}

/** As a vote would be judged, as far as the person is concerned; policy itself is asked when they click. */
function mayDecide(
  change: ChangeState,
  person: PersonFacts,
  home: string,
  now: Instant,
  { rulebook }: HomeDeps,
): boolean {
  const { expiresAt, votes, decision, proposal } = change;
  if (expiresAt !== null && expiresAt <= now) return false;
  if (votes.some(({ userId }) => userId === person.userId)) return false;
  const { requester } = proposal.action.actor;
  const asksForOthers = decision?.kind === "queue_for_review" && decision.requirement.separationOfDuties;
  if (asksForOthers && requester.kind === "person" && requester.userId === person.userId) return false;
  const permission = permissionFor(person, "approve", targetOf(change), rulebook.roles, home);
  if (permission.kind === "refused") return false;
  const needed = decidingRoles(change);
  return needed === null || permission.roles.some((role) => needed.includes(role));
}

async function modeAt(place: ReturnType<typeof placesOf>[number], deps: HomeDeps): Promise<PlaceMode> {
  const { mode, lowered, evaluations } = await deps.controls.read(contextFor(place));
  const { service, environmentName } = place;
  return { service, environmentName, mode, lowered, evaluations };
}

import { evaluate } from "./evaluation.ts";
import type { EndUser } from "./evaluation.ts";
import { msOf } from "./instants.ts";
import type { Flag, Segment, World } from "./world.ts";

/** What the SDK of an environment knows of a flag after a sync: no revision, no authors. Archived ones are included. */
const syncedFlag = ({ revision: _r, creatorId: _c, updatorId: _u, createdAt: _a, ...flag }: Flag) => flag;

const syncedSegment = ({
  id,
  envId,
  name,
  description,
  included,
  excluded,
  rules,
  updatedAt,
  isArchived,
}: Segment) => ({
  id,
  envId,
  name,
  description,
  included,
  excluded,
  rules,
  updatedAt,
  isArchived,
});

const pushedSegment = ({
  workspaceId: _w,
  type: _t,
  scopes: _s,
  isEnvironmentSpecific: _e,
  ...segment
}: Segment) => segment;

const message = <T>(data: T) => ({ messageType: "data-sync", data });

/** `full` without a timestamp, else a `patch` with what is newer to the millisecond; lists may be empty. */
export function serverSync(world: World, envId: string, timestampMs: number) {
  const fresh = ({ updatedAt }: { updatedAt: string }) => msOf(updatedAt) > timestampMs;
  const featureFlags = world.flags.filter((flag) => flag.envId === envId && fresh(flag)).map(syncedFlag);
  const segments = world.segments
    .filter((segment) => segment.envId === envId && fresh(segment))
    .map(syncedSegment);
  return message({ eventType: timestampMs === 0 ? "full" : "patch", featureFlags, segments });
}

export const flagPush = (flag: Flag) => message({ eventType: "patch", featureFlags: [flag], segments: [] });

export const segmentPush = (segment: Segment) =>
  message({ eventType: "patch", featureFlags: [], segments: [pushedSegment(segment)] });

/** Client SDKs get outcomes for their one user instead of rules. */
export function clientSync(world: World, envId: string, timestampMs: number, user: EndUser) {
  const flags = world.flags.filter((flag) => flag.envId === envId && msOf(flag.updatedAt) > timestampMs);
  return clientMessage(world, timestampMs === 0 ? "full" : "patch", flags, user);
}

export const clientPush = (world: World, flag: Flag, user: EndUser) =>
  clientMessage(world, "patch", [flag], user);

function clientMessage(world: World, eventType: string, flags: readonly Flag[], user: EndUser) {
  const featureFlags = flags.map((flag) => {
    const outcome = evaluate(flag, user, world.segments);
    return {
      id: flag.key,
      variation: outcome.value,
      variationType: flag.variationType,
      variationId: outcome.id,
      matchReason: outcome.matchReason,
      variationOptions: flag.variations.map(({ id, value }) => ({ id, value })),
      sendToExperiment: outcome.sendToExperiment,
      timestamp: msOf(flag.updatedAt),
    };
  });
  return message({ eventType, userKeyId: user.keyId, featureFlags });
}

import { z } from "zod";
import type { PendingFlagChange } from "../../domain/evidence/evidence.ts";
import type { FlagRef } from "../../domain/flag/flag.ts";
import { toInstant } from "../../domain/ids.ts";
import { flagPath, type RestClient } from "./rest-client.ts";
import { WirePendingChange } from "./wire.ts";

/**
 * What FeatBit's licensed schedules and change requests hold for a flag (contract §1.3). Without a licence FeatBit
 * answers an empty list, and so does this. They are made and approved in FeatBit only: a token can read them, no more.
 */
export async function readPendingChanges(client: RestClient, ref: FlagRef): Promise<PendingFlagChange[]> {
  const path = `${flagPath(ref.environmentId, ref.key)}/pending-changes`;
  return ((await client.get(path, {}, z.array(WirePendingChange))) ?? []).map(toPendingChange);
}

function toPendingChange(wire: WirePendingChange): PendingFlagChange {
  const isSchedule = wire.type === "Schedule";
  const due = Date.parse(wire.scheduledTime);
  return {
    kind: isSchedule ? "schedule" : "change_request",
    status: wire.status,
    title: isSchedule ? wire.scheduleTitle : wire.changeRequestReason,
    dueAt: isSchedule && !Number.isNaN(due) ? toInstant(due) : null,
  };
}

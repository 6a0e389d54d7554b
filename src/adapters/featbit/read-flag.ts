import { z } from "zod";
import {
  type Flag,
  type FlagRef,
  type FlagSnapshot,
  type Segment,
  segmentIdsOf,
} from "../../domain/flag/flag.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { flagPath, type RestClient } from "./rest-client.ts";
import { toFlag, toSegment } from "./to-flag.ts";
import { WireFlag, WireSegment } from "./wire.ts";

const IDS_PER_REQUEST = 50;

/** Archived flags are read too. Null: there is none of this key (keys are case-sensitive). */
export async function readFlag(client: RestClient, environmentId: string, key: string): Promise<Flag | null> {
  const wire = await client.get(flagPath(environmentId, key), {}, WireFlag);
  if (wire === null) return null;
  if (wire.key !== key) {
    throw new OpsError("bad_answer", `FeatBit answered with another flag than the one asked for (${key}).`);
  }
  return toFlag(wire);
}

/** Sorted by id, each once; ids that FeatBit does not know are left out. */
export async function readSegments(
  client: RestClient,
  environmentId: string,
  ids: readonly string[],
): Promise<Segment[]> {
  const wanted = [...new Set(ids)].toSorted();
  const segments: Segment[] = [];
  for (let at = 0; at < wanted.length; at += IDS_PER_REQUEST) {
    const part = wanted.slice(at, at + IDS_PER_REQUEST).filter(isGuid);
    if (part.length === 0) continue;
    const path = `/envs/${encodeURIComponent(environmentId)}/segments/by-ids`;
    const found = (await client.get(path, { ids: part }, z.array(WireSegment))) ?? [];
    segments.push(...found.map(toSegment));
  }
  return segments.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The flag with the segments it names, and those in `alsoSegments`. */
export async function readSnapshot(
  client: RestClient,
  ref: FlagRef,
  alsoSegments: readonly string[] = [],
): Promise<FlagSnapshot | null> {
  const flag = await readFlag(client, ref.environmentId, ref.key);
  if (flag === null) return null;
  const segments = await readSegments(client, ref.environmentId, [...segmentIdsOf(flag), ...alsoSegments]);
  return { ref, flag, segments };
}

/** Conditions may hold any text; one id that is no GUID would make FeatBit refuse all of them. */
function isGuid(id: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}

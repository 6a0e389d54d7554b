import { z } from "zod";
import { plainName } from "../../domain/flag/plain-text.ts";
import { IN_SEGMENT, NOT_IN_SEGMENT } from "../../domain/flag/flag.ts";

export type CheckedFrame =
  | { kind: "refused" }
  /** `flaws` names what was left out of `text`. */
  | { kind: "taken"; text: string; flaws: string[] };

const Rule = z.looseObject({
  conditions: z
    .array(z.looseObject({ property: z.unknown().optional(), value: z.unknown().optional() }))
    .nullish(),
});
const Item = z.looseObject({ updatedAt: z.string(), rules: z.array(Rule).nullish() });
const Named = z.looseObject({ id: z.unknown().optional(), key: z.unknown().optional() });

const Frame = z.looseObject({ messageType: z.string(), data: z.unknown().optional() });
const DataSync = z.looseObject({
  eventType: z.enum(["full", "patch"]),
  featureFlags: z.array(z.unknown()),
  segments: z.array(z.unknown()),
});

/**
 * Looks at a frame as the SDK will read it. FeatBit checks next to nothing in targeting, so a flag of somebody else in
 * the same environment may be one that the SDK stumbles over: it is left out of a full frame. A patch with such an
 * item is refused as a whole, so that the flag does not go on with its old value: after the new connection it is
 * missing from the full frame, and its safe default stands.
 */
export function checkFrame(data: unknown): CheckedFrame {
  const text = Buffer.isBuffer(data) || typeof data === "string" ? data.toString() : "";
  const frame = Frame.safeParse(jsonOf(text)).data;
  if (frame === undefined) return { kind: "refused" };
  if (frame.messageType !== "data-sync") return { kind: "taken", text, flaws: [] };
  const sync = DataSync.safeParse(frame.data).data;
  if (sync === undefined) return { kind: "refused" };

  const featureFlags = sync.featureFlags.filter((item) => isReadable(item, "key"));
  const segments = sync.segments.filter((item) => isReadable(item, "id"));
  const flaws = [
    ...sync.featureFlags.filter((item) => !featureFlags.includes(item)).map((item) => nameOf("flag", item)),
    ...sync.segments.filter((item) => !segments.includes(item)).map((item) => nameOf("segment", item)),
  ];
  if (flaws.length === 0) return { kind: "taken", text, flaws };
  if (sync.eventType === "patch") return { kind: "refused" };
  const kept = JSON.stringify({ ...frame, data: { ...sync, featureFlags, segments } });
  return { kind: "taken", text: kept, flaws };
}

function isReadable(item: unknown, idMember: "key" | "id"): boolean {
  const parsed = Item.safeParse(item).data;
  if (parsed === undefined || typeof parsed[idMember] !== "string") return false;
  const conditions = (parsed.rules ?? []).flatMap((rule) => rule.conditions ?? []);
  return conditions.every(
    ({ property, value }) =>
      (property !== IN_SEGMENT && property !== NOT_IN_SEGMENT) || Array.isArray(jsonOf(value)),
  );
}

function nameOf(kind: string, item: unknown): string {
  const { key, id } = Named.safeParse(item).data ?? {};
  const name = typeof key === "string" ? key : typeof id === "string" ? id : "";
  return `${kind} ${plainName(name)}`;
}

function jsonOf(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

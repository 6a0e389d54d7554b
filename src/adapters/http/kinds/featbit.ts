import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { FlagHint, ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, unquoted } from "./peek.ts";

/** The most flags one segment's change is taken to touch. */
const mostHints = 500;

/**
 * Webhook of FeatBit with its default template (https://docs.featbit.co/integrations/webhooks). It has neither revision
 * nor order and may be lost: it says where to look, never what is. Never throws.
 */
export function parse(bytes: Uint8Array, _receivedAt: Instant, _source: SourceOf<"featbit">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  const environmentId = keyIn(membersOf(body["environment"])["id"]);
  if (environmentId === "") return { kind: "unmappable", reason: "environment.id: missing" };
  const data = membersOf(body["data"]);
  const object = membersOf(data["object"]);
  const kind = toText(data["kind"], 50) || kindOf(toText(body["event"], 100));

  if (kind === "segment") {
    const hints = entriesOf(unquoted(object["flagReferences"]))
      .slice(0, mostHints)
      .flatMap((one): FlagHint[] => {
        const reference = membersOf(one);
        const flagKey = keyIn(reference["key"]);
        return flagKey === "" ? [] : [{ environmentId: keyIn(reference["envId"]) || environmentId, flagKey }];
      });
    if (hints.length === 0) return { kind: "nothing", what: "a segment that no flag uses" };
    return { kind: "flag_hint", hints };
  }
  if (kind !== "feature flag") {
    return { kind: "unmappable", reason: 'data.kind: it must be "feature flag" or "segment"' };
  }
  const flagKey = keyIn(object["key"]);
  if (flagKey === "") return { kind: "unmappable", reason: "data.object.key: missing" };
  return { kind: "flag_hint", hints: [{ environmentId, flagKey }] };
}

/** A template may leave out what the event's name says too. */
function kindOf(event: string): string {
  if (event.startsWith("segment.")) return "segment";
  return event.startsWith("feature_flag.") ? "feature flag" : "";
}

/** Longest name of the key of a flag in FeatBit. */
const longestKey = 128;

/** FeatBit's template engine escapes for HTML what it puts between the quotes of JSON. */
function keyIn(value: unknown): string {
  if (typeof value !== "string" || value.length > longestKey * 8) return "";
  const key = decodeEntities(value).trim();
  return /^[^\p{Cc}\p{Cf}\p{Z}]+$/u.test(key) && key.length <= longestKey ? key : "";
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Each entity once: `&amp;lt;` is the text `&lt;`. Halves of a surrogate pair come as two. */
function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(amp|lt|gt|quot|apos));/gi,
    (whole, decimal, hex, name) => {
      if (typeof name === "string") return named[name.toLowerCase()] ?? whole;
      const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
      return code <= 0xffff
        ? String.fromCharCode(code)
        : code <= 0x10ffff
          ? String.fromCodePoint(code)
          : whole;
    },
  );
}

import { z } from "zod";
import type { Instant } from "../../../domain/ids.ts";
import type { OutsideChange } from "../../../domain/outside-change.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeChange } from "./compose-change.ts";
import { gather } from "./gather.ts";
import { firstText, limits, toPastInstant, toText } from "./normalise.ts";
import { describeMismatch, parseJson } from "./parse-json.ts";
import { entriesOf } from "./peek.ts";

/** The most changes one delivery may report. */
const mostChanges = 500;

const text = z.union([z.string(), z.number()]).nullish();

/** Our own plain form, for pipelines: docs/sources.md, "change". Members that it does not know are left alone. */
const Reported = z.object({
  id: text,
  kind: text,
  state: text,
  title: text,
  version: text,
  author: text,
  at: text,
  service: text,
  environment: text,
  labels: z.record(z.string(), z.unknown()).nullish(),
  links: z.union([z.string(), z.array(z.string())]).nullish(),
});
type Reported = z.infer<typeof Reported>;

const Several = z.array(z.unknown()).min(1).max(mostChanges);

/** Reads one change or an array of them. Never throws. */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"change">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  if (!Array.isArray(json.value)) return readOne(json.value, "", receivedAt, source.id);
  const several = Several.safeParse(json.value);
  if (!several.success) return { kind: "unmappable", reason: describeMismatch(several.error) };
  return gather(several.data.map((one, index) => readOne(one, String(index), receivedAt, source.id)));
}

function readOne(value: unknown, place: string, receivedAt: Instant, sourceId: string): ParsedDelivery {
  const reported = Reported.safeParse(value);
  if (!reported.success) return { kind: "unmappable", reason: describeMismatch(reported.error, place) };
  const change = toChange(reported.data, receivedAt, sourceId);
  if (typeof change !== "string") return { kind: "outside_changes", changes: [change] };
  return { kind: "unmappable", reason: place === "" ? change : `${place}.${change}` };
}

const kinds = vocabulary({
  deploy: "deploy deployment release rollout",
  config: "config configuration setting settings",
  infrastructure: "infrastructure infra scaling network",
  data: "data migration schema database",
  other: "other change",
});

const states = vocabulary({
  started: "started start running inprogress pending",
  succeeded: "succeeded success successful ok done finished completed deployed",
  failed: "failed failure error aborted canceled cancelled",
  rolled_back: "rolledback rollback reverted",
});

function vocabulary<Word extends string>(words: Record<Word, string>): ReadonlyMap<string, Word> {
  const entries: [string, Word][] = [];
  for (const word in words) entries.push(...words[word].split(" ").map((one): [string, Word] => [one, word]));
  return new Map(entries);
}

/** The change, or which member is wrong and what it must be. */
function toChange(reported: Reported, receivedAt: Instant, sourceId: string): OutsideChange | string {
  const kind = wordOf(reported.kind, kinds, "deploy");
  if (kind === undefined) return "kind: it must be deploy, config, infrastructure, data or other";
  const state = wordOf(reported.state, states, "succeeded");
  if (state === undefined) return "state: it must be started, succeeded, failed or rolled_back";
  if ((reported.at ?? "") !== "" && toPastInstant(reported.at, receivedAt) === null) {
    return "at: it must be a time in RFC 3339 or seconds since 1970, and not in the future";
  }
  const title = firstText(limits.title, reported.title, describe(reported, kind));
  if (title === "") return "title: missing; or say service and version instead";
  const { service, environment, version } = reported;
  return composeChange(
    {
      // Without an id: started and succeeded of the same version at the same place are one change.
      id:
        toText(reported.id, 256) === ""
          ? JSON.stringify([kind, service, environment, version ?? title])
          : reported.id,
      kind,
      state,
      title: [title],
      version: [version],
      author: [reported.author],
      at: [reported.at],
      labels: [reported.labels, { service, environment }],
      links: entriesOf(reported.links),
    },
    sourceId,
    receivedAt,
  );
}

/** Undefined for a word that is none of them. */
function wordOf<Word extends string>(
  value: Reported["kind"],
  words: ReadonlyMap<string, Word>,
  otherwise: Word,
): Word | undefined {
  const word = toText(value, 50)
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
  return word === "" ? otherwise : words.get(word);
}

function describe({ service, version, environment }: Reported, kind: OutsideChange["kind"]): string {
  const of = toText(service, 100);
  const to = toText(environment, 100);
  const which = toText(version, 100);
  if (of === "" && which === "") return "";
  const what = kind === "other" ? "Change" : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return `${what}${of === "" ? "" : ` of ${of}`}${which === "" ? "" : ` ${which}`}${to === "" ? "" : ` to ${to}`}`;
}

import type { Instant } from "../../../domain/ids.ts";
import type { OutsideChange } from "../../../domain/outside-change.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { composeChange } from "./compose-change.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { membersOf } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/** `dev.cdevents.<subject>.<predicate>.<version>`: what happened to what; null for any other type. */
function factOf(type: string): { subject: string; predicate: string } | null {
  const [, subject, predicate] = /^dev\.cdevents\.([a-z]{1,40})\.([a-z]{1,40})(?:\.|$)/.exec(type) ?? [];
  return subject === undefined || predicate === undefined ? null : { subject, predicate };
}

/** True for the data of a CDEvent, however it came. */
export function isCdEvent(data: unknown): boolean {
  return factOf(toText(membersOf(membersOf(data)["context"])["type"], 200)) !== null;
}

/**
 * CDEvents (https://github.com/cdevents/spec: continuous-deployment.md, continuous-operations.md): deployments,
 * migrations and environments become outside changes, incidents alerts; the rest of a pipeline's life does nothing.
 */
export function readCdEvent(
  data: Members,
  place: string,
  receivedAt: Instant,
  sourceId: string,
): ParsedDelivery {
  const context = membersOf(data["context"]);
  const type = toText(context["type"], 200);
  const fact = factOf(type);
  if (fact === null) return { kind: "unmappable", reason: `${place}context.type: it is none of CDEvents` };
  if (toText(membersOf(data["subject"])["id"], 10) === "") {
    return { kind: "unmappable", reason: `${place}subject.id: missing; every CDEvent has it` };
  }
  const { subject, predicate } = fact;
  if (subject === "incident") return readIncident(data, predicate, receivedAt, sourceId);
  const known = Object.hasOwn(changes, subject) ? changes[subject] : undefined;
  const what = subject === "service" && predicate === "removed" ? removal : known;
  const state = stateOf(predicate, data);
  if (what === undefined || state === undefined) return { kind: "nothing", what: `event "${type}"` };
  return { kind: "outside_changes", changes: [toChange(data, subject, what, state, receivedAt, sourceId)] };
}

interface What {
  kind: OutsideChange["kind"];
  /** Before the name of what was changed, and between that and the environment. */
  words: readonly [string, string];
}

const changes: Readonly<Record<string, What>> = {
  service: { kind: "deploy", words: ["Deploy of", "to"] },
  deployment: { kind: "deploy", words: ["Deploy of", "to"] },
  migration: { kind: "data", words: ["Migration of", "in"] },
  environment: { kind: "infrastructure", words: ["Change of the environment", ""] },
};
const removal: What = { kind: "deploy", words: ["Removal of", "from"] };

const states: ReadonlyMap<string, OutsideChange["state"]> = new Map([
  ["deployed", "succeeded"],
  ["upgraded", "succeeded"],
  ["removed", "succeeded"],
  ["rolledback", "rolled_back"],
  ["created", "succeeded"],
  ["modified", "succeeded"],
  ["deleted", "succeeded"],
  ["started", "started"],
]);

/** Undefined for what changes nothing yet, or any more: queued, published. */
function stateOf(predicate: string, data: Members): OutsideChange["state"] | undefined {
  if (predicate !== "finished") return states.get(predicate);
  const outcome = toText(membersOf(membersOf(data["subject"])["content"])["outcome"], 30).toLowerCase();
  return outcome.startsWith("succe") || outcome === "" ? "succeeded" : "failed";
}

/** Who and where, whatever a CDEvent is about. `customData` is the sender's own: it knows best. */
function placeOf(data: Members, subject: string) {
  const { id: ownId, content: ownContent } = membersOf(data["subject"]);
  const content = membersOf(ownContent);
  const custom = membersOf(data["customData"]);
  const id = toText(ownId, 300);
  const artifact = readPurl(content["artifactId"]);
  const ofService = subject === "service" ? lastStep(id) : artifact.name;
  const ofEnvironment = subject === "environment" ? [content["name"], id] : [];
  return {
    id,
    content,
    custom,
    artifact,
    service: firstText(200, custom["service"], nameOf(content["service"]), ofService),
    environment: firstText(200, ...ofEnvironment, nameOf(content["environment"]), custom["environment"]),
  };
}

function toChange(
  data: Members,
  subject: string,
  { kind, words: [what, where] }: What,
  state: OutsideChange["state"],
  receivedAt: Instant,
  sourceId: string,
): OutsideChange {
  const context = membersOf(data["context"]);
  const { id, content, custom, artifact, service, environment } = placeOf(data, subject);
  const target = lastStep(nameOf(content["target"]));
  const version = firstText(200, custom["version"], content["toVersion"], artifact.version);
  const object = subject === "migration" ? target : service;
  const title = where === "" ? [what, environment] : [what, object || id, version];
  if (where !== "" && environment !== "") title.push(where, environment);
  return composeChange(
    {
      // All news of one run have its id; a service or an environment is changed more than once.
      id: JSON.stringify(
        subject === "deployment" || subject === "migration"
          ? [subject, membersOf(data["subject"])["source"] ?? context["source"], id]
          : [context["source"], context["id"]],
      ),
      kind,
      state,
      title: [title.filter((word) => word !== "").join(" ")],
      version: [version],
      author: [custom["author"], custom["deployer"]],
      at: [context["timestamp"]],
      labels: [
        {
          event_type: context["type"],
          event_source: context["source"],
          event_subject: id,
          artifact: content["artifactId"],
          target,
          service,
          environment,
        },
      ],
      links: [content["url"], content["uri"], custom["url"]],
    },
    sourceId,
    receivedAt,
  );
}

function readIncident(
  data: Members,
  predicate: string,
  receivedAt: Instant,
  sourceId: string,
): ParsedDelivery {
  const over = predicate === "resolved";
  if (!over && predicate !== "detected" && predicate !== "reported") {
    return { kind: "nothing", what: `event "incident.${predicate}"` };
  }
  const context = membersOf(data["context"]);
  const { id, content, custom, service, environment } = placeOf(data, "incident");
  const mark = JSON.stringify([membersOf(data["subject"])["source"] ?? context["source"], id]);
  const alert = composeAlert(
    {
      status: over ? "resolved" : "firing",
      title: [content["description"], `Incident ${id}`],
      severity: [content["severity"], custom["severity"], custom["priority"]],
      fingerprint: mark,
      startedAt: [context["timestamp"]],
      endedAt: [context["timestamp"]],
      labels: [custom, { event_source: context["source"], event_subject: id, service, environment }],
      links: [content["ticketURI"], content["uri"]],
      groupHint: mark,
    },
    sourceId,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

/** A reference names its object by `id`, some senders by `name`; the id alone as a text is common too. */
function nameOf(value: unknown): string {
  const { name, id } = membersOf(value);
  return firstText(limits.labelValue, name, id, value);
}

function lastStep(path: string): string {
  return path.split("/").at(-1) ?? "";
}

/** `pkg:oci/shop@sha256%3Aabc?tag=1.2` (https://github.com/package-url/purl-spec): its name, and its tag or version. */
function readPurl(value: unknown): { name: string; version: string } {
  const [, path = "", version = "", query = ""] =
    /^pkg:[a-z0-9.+-]+\/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?/i.exec(toText(value, 1000)) ?? [];
  const tag = new URLSearchParams(query).get("tag") ?? "";
  // Half a digest tells two of them apart as well, and can be read.
  const digest = version.replace(/%3a/gi, ":").replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/i, "$1");
  return { name: lastStep(path), version: tag === "" ? digest : tag };
}

import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { type AlertPieces, composeAlert } from "./compose-alert.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Webhooks of Sentry's internal integrations, told apart by the header `Sentry-Hook-Resource` and without it by their
 * members (https://docs.sentry.io/organization/integrations/integration-platform/webhooks/): issue alerts, metric
 * alerts, issues and errors; and the form of the older WebHooks plugin. All about one issue have one fingerprint, so that
 * its end ends them. Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"sentry">,
  headers: Readonly<Record<string, string>> = {},
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  const found = read(body, resourceOf(body, headers["sentry-hook-resource"]));
  if (!("status" in found)) return found;
  return { kind: "alerts", alerts: [composeAlert(found, source.id, receivedAt)] };
}

type Found = AlertPieces | Extract<ParsedDelivery, { kind: "nothing" | "unmappable" }>;

function resourceOf(body: Members, named: string | undefined): string {
  if (named !== undefined) return toText(named, 100).toLowerCase();
  const data = membersOf(body["data"]);
  const known = ["metric_alert", "comment", "installation", "error"].find((name) => name in data);
  if (known !== undefined) return known;
  if ("event" in data) return "event_alert";
  return "issue" in data ? "issue" : "";
}

function read(body: Members, resource: string): Found {
  const data = membersOf(body["data"]);
  const action = toText(body["action"], 50).toLowerCase();
  switch (resource) {
    case "event_alert":
      return readEvent(membersOf(data["event"]), data, "data.event");
    case "error":
      return readEvent(membersOf(data["error"]), data, "data.error");
    case "issue":
    case "activity_alert":
      // Says who looks after it, not how it stands: an old issue that is handed over is no new trouble.
      if (action === "assigned") return { kind: "nothing", what: "an issue was assigned" };
      return readIssue(membersOf(data["issue"]), data, action);
    case "metric_alert":
      return readMetric(membersOf(data["metric_alert"]), data, action);
    case "":
      return readPlugin(body);
    default:
      return { kind: "nothing", what: `resource "${resource}"` };
  }
}

function readEvent(event: Members, data: Members, place: string): Found {
  const titles = titlesOf(event);
  if (titles.every((one) => toText(one, 10) === "")) {
    return { kind: "unmappable", reason: `${place}.title: missing, and no message or culprit instead` };
  }
  const issue = firstText(
    100,
    event["issue_id"],
    event["groupID"],
    issueIn(event["issue_url"]),
    issueIn(event["web_url"]),
  );
  const rule = firstText(limits.title, data["triggered_rule"], membersOf(data["issue_alert"])["title"]);
  return {
    status: "firing",
    title: titles,
    summary: [event["culprit"], event["message"], rule === "" ? "" : `Rule: ${rule}`],
    severity: [event["level"], "error"],
    fingerprint: issue === "" ? undefined : `issue/${issue}`,
    startedAt: [event["datetime"], event["timestamp"], event["received"]],
    labels: labelsOf(
      event,
      projectIn(event["url"]) || firstText(100, event["project_slug"], event["project_name"]),
    ),
    links: [event["web_url"], issueLink(event["web_url"])],
    groupHint: issue === "" ? undefined : `issue/${issue}`,
  };
}

/** An issue is over when somebody resolved it, or said that it is to be left alone. */
const overStates = ["resolved", "ignored", "archived", "muted"];

function readIssue(issue: Members, data: Members, action: string): Found {
  const titles = titlesOf(issue);
  const id = toText(issue["id"], 100);
  if (id === "" && titles.every((one) => toText(one, 10) === "")) {
    return { kind: "unmappable", reason: "data.issue: neither id nor title is there" };
  }
  const state = toText(issue["status"], 50).toLowerCase();
  const over = overStates.includes(action) || (action !== "unresolved" && overStates.includes(state));
  // When it comes back, what matters is not the day on which it was first seen.
  const began = [issue["firstSeen"], issue["lastSeen"]];
  const project = membersOf(issue["project"]);
  const status = membersOf(issue["statusDetails"]);
  return {
    status: over ? "resolved" : "firing",
    title: [...titles, `Sentry issue ${firstText(100, issue["shortId"], id)}`],
    summary: [issue["culprit"], membersOf(issue["metadata"])["value"], membersOf(data["activity"])["text"]],
    severity: [issue["level"], issue["priority"], "error"],
    fingerprint: id === "" ? undefined : `issue/${id}`,
    startedAt: action === "created" || over ? began : began.toReversed(),
    endedAt: [status["resolvedAt"]],
    labels: [
      ...labelsOf(issue, firstText(100, project["slug"], project["name"])),
      { issue: issue["shortId"], platform: issue["platform"] ?? project["platform"] },
    ],
    links: [issue["web_url"], issue["permalink"]],
    groupHint: id === "" ? undefined : `issue/${id}`,
  };
}

function readMetric(metric: Members, data: Members, action: string): Found {
  const rule = membersOf(metric["alert_rule"]);
  const said = toText(data["description_title"], limits.title);
  const states = ["critical", "warning", "resolved", "open", "closed"];
  const state = states.includes(action)
    ? action
    : (/^(critical|warning|resolved):/i.exec(said)?.[1] ?? "").toLowerCase();
  if (state === "") {
    return {
      kind: "unmappable",
      reason: "action: missing or unknown; it must be critical, warning or resolved",
    };
  }
  const projects = [...entriesOf(metric["projects"]), ...entriesOf(rule["projects"])];
  const project = new Set(projects.map((one) => toText(one, 100))).size === 1 ? projects[0] : undefined;
  const id = firstText(100, metric["id"], metric["identifier"]);
  const title = [rule["name"], metric["title"], said.replace(/^[a-z]{4,10}:\s*/i, "")];
  if (id === "" && title.every((one) => toText(one, 10) === "")) {
    return { kind: "unmappable", reason: "data.metric_alert: neither id nor title is there" };
  }
  return {
    status: state === "resolved" || state === "closed" ? "resolved" : "firing",
    title: [...title, `Sentry metric alert ${id}`],
    summary: [data["description_text"], rule["query"]],
    severity: [state, /^critical/i.test(said) ? "critical" : ""],
    fingerprint: id === "" ? undefined : `metric/${id}`,
    startedAt: [metric["date_started"], metric["date_detected"], metric["date_created"]],
    endedAt: [metric["date_closed"]],
    labels: [
      {
        project,
        service: project,
        environment: rule["environment"],
        rule: rule["name"],
        aggregate: rule["aggregate"],
        dataset: rule["dataset"],
        organization: metric["organization_id"],
      },
    ],
    links: [data["web_url"]],
    groupHint: id === "" ? undefined : `metric/${id}`,
  };
}

/** The older plugin: one event, the issue's id beside it. It never says that something is over. */
function readPlugin(body: Members): Found {
  const event = membersOf(body["event"]);
  const titles = [body["title"], body["message"], ...titlesOf(event), body["culprit"]];
  const known = ["project", "project_slug", "project_name", "culprit", "level", "logger", "event"];
  if (!known.some((name) => name in body) || titles.every((one) => toText(one, 10) === "")) {
    return {
      kind: "unmappable",
      reason:
        "data, message: both are missing; Sentry sends data with an integration, message with its plugin",
    };
  }
  const id = toText(body["id"], 100);
  const project = firstText(100, body["project_slug"], body["project"], body["project_name"]);
  return {
    status: "firing",
    title: titles,
    summary: [body["culprit"], membersOf(event["metadata"])["value"]],
    severity: [body["level"], event["level"], "error"],
    fingerprint: id === "" ? undefined : `issue/${id}`,
    startedAt: [event["datetime"], event["timestamp"], event["received"]],
    labels: [...labelsOf(event, project), { logger: body["logger"] }],
    links: [body["url"]],
    groupHint: id === "" ? undefined : `issue/${id}`,
  };
}

function titlesOf(event: Members): readonly unknown[] {
  const { type, value } = membersOf(event["metadata"]);
  const exception = [toText(type, 100), toText(value, limits.title)].filter((one) => one !== "").join(": ");
  return [event["title"], exception, event["message"], event["culprit"]];
}

/** The project is what comes nearest to a service; a tag of that name says better. */
function labelsOf(event: Members, project: string): readonly unknown[] {
  const pairs = entriesOf(event["tags"])
    .slice(0, 200)
    .map((tag) => (Array.isArray(tag) ? { key: tag[0] as unknown, value: tag[1] as unknown } : tag));
  const tags = Array.isArray(event["tags"]) ? tagsOf(pairs) : tagsOf(event["tags"]);
  return [
    { service: project },
    tags,
    { project, environment: event["environment"], release: firstText(200, event["release"]) },
    { platform: event["platform"], level: event["level"] },
  ];
}

/** …/issues/123/… */
function issueIn(link: unknown): string {
  return typeof link === "string" ? (/\/issues\/(\d{1,20})(?:\/|$)/.exec(link)?.[1] ?? "") : "";
}

function issueLink(link: unknown): string {
  return typeof link === "string"
    ? (/^https?:\/\/[^?#\s]{1,500}\/issues\/\d{1,20}\//.exec(link)?.[0] ?? "")
    : "";
}

/** …/projects/<organization>/<project>/… */
function projectIn(link: unknown): string {
  return typeof link === "string"
    ? (/\/projects\/[^/?#]{1,100}\/([^/?#]{1,100})\//.exec(link)?.[1] ?? "")
    : "";
}

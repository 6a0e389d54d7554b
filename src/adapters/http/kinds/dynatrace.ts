import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Custom integration of Dynatrace
 * (https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration).
 * Its body is a template of the user's: members are found whatever their capitals, spaces and underscores, a placeholder
 * that was not filled in counts as missing, and what is missing is looked for in ProblemDetailsJSON (v1 and v2). Never
 * throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"dynatrace">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = filledIn(json.value);
  const problemId = toText(body["problemid"], 100);
  if (problemId === "TESTID" || /^dynatrace problem notification test/i.test(text(body["problemtitle"]))) {
    return { kind: "nothing", what: "a test notification" };
  }
  const details = filledIn(
    // Without a template around it, the body is a problem of the API itself.
    unquoted(
      body["problemdetailsjsonv2"] ?? body["problemdetailsjson"] ?? body["problemdetails"] ?? json.value,
    ),
  );
  const status = statuses.get(
    text(
      body["state"] ??
        body["problemstate"] ??
        body["problemstatus"] ??
        body["eventstatus"] ??
        body["status"] ??
        details["status"],
    )
      .toUpperCase()
      .trim(),
  );
  if (status === undefined) {
    return {
      kind: "unmappable",
      reason: "State: missing or unknown; it must be OPEN, RESOLVED or MERGED (placeholder {State})",
    };
  }
  return { kind: "alerts", alerts: [toAlert(body, details, status, receivedAt, source.id)] };
}

const statuses: ReadonlyMap<string, Alert["status"]> = new Map([
  ["OPEN", "firing"],
  ["ACTIVE", "firing"],
  ["RESOLVED", "resolved"],
  ["CLOSED", "resolved"],
  // The problem lives on in another one, which has notifications of its own.
  ["MERGED", "resolved"],
]);

/** https://docs.dynatrace.com/docs/dynatrace-intelligence/root-cause-analysis/event-analysis-and-correlation/event-categories */
const severityByLevel: Readonly<Record<string, string>> = {
  AVAILABILITY: "critical",
  MONITORING_UNAVAILABLE: "warning",
  ERROR: "error",
  PERFORMANCE: "warning",
  SLOWDOWN: "warning",
  RESOURCE_CONTENTION: "warning",
  RESOURCE: "warning",
  CUSTOM_ALERT: "warning",
  CUSTOM: "warning",
  INFO: "info",
};

function toAlert(
  body: Members,
  details: Members,
  status: Alert["status"],
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const impact = body["problemimpact"] ?? details["impactlevel"];
  const level = text(body["problemseverity"] ?? details["severitylevel"] ?? body["eventcategory"]);
  const displayId = body["problemid"] ?? body["displayid"] ?? details["displayid"] ?? details["displayname"];
  const entities = entitiesIn(body, details);
  const byType = (type: RegExp): unknown => entities.find((entity) => type.test(entity.type))?.name;
  return composeAlert(
    {
      status,
      title: [body["problemtitle"], details["title"], body["eventname"], body["title"], displayId],
      summary: [
        plain(body["problemdetailstext"] ?? body["problemdetailsmarkdown"] ?? body["eventdescription"]),
        text(body["problemdetailstext"]) === "" ? plain(body["problemdetailshtml"]) : "",
        body["impactedentity"] ?? body["impactedentitynames"],
        level === "" ? "" : `${level.toUpperCase()}, impact ${text(impact) || "unknown"}`,
      ],
      severity: [severityByLevel[level.toUpperCase().replaceAll(/[ -]/g, "_")], level],
      fingerprint:
        body["pid"] ?? details["problemid"] ?? details["id"] ?? body["problemid"] ?? body["displayid"],
      startedAt: [body["problemstarttime"], body["eventstart"], details["starttime"]],
      endedAt: [body["problemendtime"], body["eventend"], details["endtime"]],
      labels: [
        {
          service: byType(/^SERVICE$|^APPLICATION$/i),
          host: byType(/^HOST$/i),
          problem: displayId,
          impact,
          severity_level: level,
          entity: entities[0]?.name,
          management_zone: zoneIn(details),
        },
        tagsOf(details["tagsofaffectedentities"]),
        tagsOf(details["entitytags"]),
        tagsOf(body["tags"] ?? body["problemtags"] ?? body["entitytags"]),
      ],
      links: [body["problemurl"], body["url"], body["link"]],
    },
    sourceId,
    receivedAt,
  );
}

interface Entity {
  type: string;
  name: string;
}

function entitiesIn(body: Members, details: Members): Entity[] {
  const lists = [
    body["impactedentities"],
    details["impactedentities"],
    details["affectedentities"],
    details["rankedimpacts"],
  ];
  return lists
    .flatMap((list) => entriesOf(unquoted(list)).slice(0, 50))
    .map((one) => {
      const entity = membersOf(one);
      const id = membersOf(entity["entityId"]);
      return {
        type: text(
          entity["type"] ?? id["type"] ?? text(entity["entityId"] ?? entity["entity"]).split("-")[0],
        ),
        name: toText(entity["name"] ?? entity["entityName"] ?? entity["entity"], 300),
      };
    })
    .filter(({ name }) => name !== "");
}

function zoneIn(details: Members): unknown {
  return membersOf(entriesOf(details["managementzones"])[0])["name"];
}

/** Members by their names in small letters and digits, without those that are an unfilled placeholder. */
function filledIn(value: unknown): Members {
  const members: Record<string, unknown> = Object.create(null);
  for (const [name, found] of Object.entries(membersOf(value))) {
    if (found === null || (typeof found === "string" && /^\s*(?:\{[A-Za-z0-9]+\}\s*)?$/.test(found)))
      continue;
    members[name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")] ??= found;
  }
  return members;
}

function text(value: unknown): string {
  return toText(value, 300);
}

/** Text without the tags of HTML. */
function plain(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value.slice(0, 20_000).replaceAll(/<[^<>]{0,1000}>/g, " ");
}

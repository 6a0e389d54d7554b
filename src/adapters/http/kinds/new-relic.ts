import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { foldNames } from "./fold-names.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "./peek.ts";

/**
 * New Relic's workflows, whose body is a template over an issue's variables
 * (https://docs.newrelic.com/docs/alerts/get-notified/custom-variables-incident-workflows/), and the webhook channel
 * before them: one incident with `current_state`. Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"new_relic">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const fields = foldNames(json.value);
  const all = (...names: readonly string[]): unknown[] =>
    names.flatMap((name) =>
      // Some templates put all of it under `incident` or `issue`.
      ["", "incident", "issue"].flatMap((before) => entriesOf(unquoted(fields.get(before + name)))),
    );
  const text = (limit: number, ...names: readonly string[]): string => firstText(limit, ...all(...names));

  const state = text(50, "currentstate", "state", "issuestate", "status");
  if (/^test$/i.test(state)) return { kind: "nothing", what: "a test of the notification channel" };
  const status = statuses.get(state.toLowerCase());
  if (status === undefined) {
    return {
      kind: "unmappable",
      reason: "state (or current_state): missing or unknown; it must say ACTIVATED, CLOSED, open …",
    };
  }
  const incident = text(200, "incidentid");
  const issue = text(200, "issueid", "id");
  const title = text(
    limits.title,
    "title",
    "issuetitle",
    "annotationstitle",
    "conditionname",
    ...conditionNames,
  );
  if (title === "" && incident === "" && issue === "") {
    return { kind: "unmappable", reason: "title, id: both are missing" };
  }
  const targets = entriesOf(unquoted(fields.get("targets")))
    .slice(0, 100)
    .map(membersOf);
  const entities = [...all(...entityNames), ...targets.map(({ name }) => name)]
    .map((one) => toText(one, limits.labelValue))
    .filter((one) => one !== "");
  const policy = text(
    limits.labelValue,
    "policyname",
    "alertpolicynames",
    "alertpolicyname",
    "accumulationspolicyname",
  );
  const began = sinceOf(fields);
  const alert = composeAlert(
    {
      status,
      title: [title, `New Relic ${issue === "" ? `incident ${incident}` : `issue ${issue}`}`],
      summary: [
        ...all("details", "description", "annotationsdescription", "conditiondescription", "message"),
        policy === "" ? "" : `Policy: ${policy}`,
        entities.length > 1 ? `Affected: ${entities.slice(0, 20).join(", ")}` : "",
      ],
      severity: all("severity", "priority", "issuepriority"),
      fingerprint: markOf(issue, incident),
      startedAt: [...all("activatedat", "createdat", "openedat", "starttime", "timestampopened"), began],
      endedAt: all("closedat", "closetime", "endtime", "updatedat", "timestamp"),
      labels: [
        ...targets.toReversed().map(({ labels }) => tagsOf(labels)),
        tagsIn(fields.get("labels") ?? fields.get("tags") ?? fields.get("accumulationstag")),
        {
          // Of several affected ones none is the service.
          service: new Set(entities).size === 1 ? entities[0] : "",
          entity: entities[0],
          entity_type: firstText(
            limits.labelValue,
            targets[0]?.["type"],
            ...all("entitytypes", "entitiesdatatypes"),
          ),
          product: firstText(limits.labelValue, targets[0]?.["product"]),
          policy,
          condition: text(limits.labelValue, "conditionname", ...conditionNames),
          account: text(limits.labelValue, "accountname", "accountid", "nraccountid"),
          environment: text(limits.labelValue, "environment", "env"),
        },
        text(limits.labelValue, "service") === "" ? {} : { service: text(limits.labelValue, "service") },
      ],
      links: all(...linkNames),
      groupHint: markOf(issue, incident),
    },
    source.id,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

const conditionNames = ["alertconditionnames", "alertconditionname", "accumulationsconditionname"];
/** Not the address that acknowledges: whoever opened it would have done so. */
const linkNames = [
  ["issueurl", "issuepageurl", "incidenturl", "url", "violationcallbackurl", "deeplinkurl", "runbookurl"],
  ["accumulationsrunbookurl", "dashboardurl", "violationcharturl", "policyurl"],
].flat();
const entityNames = ["impactedentities", "entitiesdatanames", "entitynames", "entityname"];

const statuses: ReadonlyMap<string, Alert["status"]> = new Map([
  ...["open", "opened", "acknowledged", "created", "activated", "active", "in_progress"].map(
    (word) => [word, "firing"] as const,
  ),
  // Deactivated: all of its incidents have ended, and it is closed if none comes back for a while.
  ...["closed", "resolved", "close", "deactivated"].map((word) => [word, "resolved"] as const),
]);

/** Each tag of an issue has the list of its incidents' values; where that is one, it is the issue's. */
function tagsIn(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tagsOf(unquoted(value))).map(([name, tag]) => [
      name,
      Array.isArray(tag) && new Set(tag).size === 1 ? (tag[0] as unknown) : tag,
    ]),
  );
}

function markOf(issue: string, incident: string): string | undefined {
  if (incident !== "") return `incident/${incident}`;
  return issue === "" ? undefined : `issue/${issue}`;
}

/** The older form gives its moment, and for how many milliseconds the incident has been open by then. */
function sinceOf(fields: ReadonlyMap<string, unknown>): unknown {
  const sentAt = fields.get("timestamp") ?? fields.get("incidenttimestamp");
  const at = Number(toText(sentAt, 30));
  const openMs = Number(toText(fields.get("duration"), 30));
  if (!(at > 1e11)) return sentAt;
  return openMs >= 0 ? at - openMs : at;
}

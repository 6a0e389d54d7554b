import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { readAlerts } from "./alertmanager.ts";
import { composeAlert } from "./compose-alert.ts";
import { firstText, limits, toLabels, toLinks, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf } from "./peek.ts";

/**
 * Webhook contact point of Grafana Alerting, Alertmanager's form with more in it
 * (https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/),
 * and the webhook of the legacy alerting of Grafana 10 and before: one rule with `state`. Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"grafana">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  if ("alerts" in body) return readAlerts(json.value, receivedAt, source.id, { adapt: withGrafanasOwn });
  if ("state" in body || "ruleName" in body || "ruleId" in body) {
    return parseLegacy(body, receivedAt, source.id);
  }
  return { kind: "unmappable", reason: "alerts, state: both are missing; Grafana sends one of them" };
}

/** Alerts that Grafana makes itself when a rule cannot be evaluated; they bear the rule's name in a label. */
const madeByGrafana: Readonly<Record<string, string>> = {
  DatasourceNoData: "no data",
  DatasourceError: "its query fails",
};

function withGrafanasOwn(alert: Alert, own: Readonly<Record<string, unknown>>): Alert {
  const rule = alert.labels["rulename"];
  const trouble = Object.hasOwn(madeByGrafana, alert.title) ? madeByGrafana[alert.title] : undefined;
  return {
    ...alert,
    title:
      rule === undefined || trouble === undefined
        ? alert.title
        : toText(`${rule}: ${trouble}`, limits.title) || alert.title,
    summary: firstText(
      limits.summary,
      [alert.summary, valuesOf(own)].filter((text) => text !== "").join(" — "),
    ),
    links: toLinks([own["panelURL"], own["dashboardURL"], ...alert.links, own["imageURL"]]),
  };
}

/** What the rule's queries gave: `values` since Grafana 9.4, before that only as text. */
function valuesOf({ values, valueString }: Readonly<Record<string, unknown>>): string {
  const numbers = Object.entries(toLabels(values)).map(([name, value]) => `${name} = ${rounded(value)}`);
  if (numbers.length > 0) return `Values: ${numbers.slice(0, 20).join(", ")}`;
  const text = toText(valueString, 500);
  return text === "" ? "" : `Values: ${text}`;
}

function rounded(value: unknown): string {
  const text = toText(value, 100);
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? String(Number(number.toPrecision(6))) : text;
}

const legacyStatuses: Readonly<Record<string, Alert["status"]>> = {
  alerting: "firing",
  no_data: "firing",
  ok: "resolved",
};
/** Neither begins nor ends anything. */
const quietStates = ["pending", "paused", "unknown"];

function parseLegacy(
  body: Readonly<Record<string, unknown>>,
  receivedAt: Instant,
  sourceId: string,
): ParsedDelivery {
  const state = toText(body["state"], 50).toLowerCase().replace("nodata", "no_data");
  if (quietStates.includes(state)) return { kind: "nothing", what: `a rule is ${state}` };
  const status = Object.hasOwn(legacyStatuses, state) ? legacyStatuses[state] : undefined;
  if (status === undefined) {
    return { kind: "unmappable", reason: "state: missing or unknown; it must be alerting, no_data or ok" };
  }
  const rule = toText(body["ruleId"], 100);
  const title = toText(body["title"], limits.title).replace(/^\[[^\]]{1,20}\]\s*/, "");
  const matches = entriesOf(body["evalMatches"]).slice(0, 100).map(membersOf);
  const own = toLabels(body["tags"]);
  const alert = composeAlert(
    {
      status,
      title: [body["ruleName"], title],
      summary: [body["message"], state === "no_data" ? "No data" : "", matchesOf(matches)],
      severity: [own["severity"], own["priority"], state === "no_data" ? "warning" : "error"],
      // 0 is what the test of a channel sends, whatever its rule.
      fingerprint: ["", "0"].includes(rule) ? undefined : `rule/${toText(body["orgId"], 20)}/${rule}`,
      labels: [
        sharedBy(matches.map(({ tags }) => toLabels(tags))),
        { dashboard_id: body["dashboardId"], panel_id: body["panelId"] },
        own,
      ],
      links: [body["ruleUrl"], body["imageUrl"]],
    },
    sourceId,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

function matchesOf(matches: readonly Readonly<Record<string, unknown>>[]): string {
  return matches
    .slice(0, 20)
    .map(({ metric, value }) => [firstText(200, metric), rounded(value)])
    .filter(([metric]) => metric !== "")
    .map(([metric, value]) => (value === "" ? metric : `${metric} = ${value}`))
    .join(", ");
}

/** The labels that all series of the rule have: it is one alert for all of them. */
function sharedBy([first, ...others]: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, text]) => others.every((other) => other[name] === text)),
  );
}

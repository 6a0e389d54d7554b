import type { Alert, Severity } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { foldNames } from "./fold-names.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { tagsOf } from "./peek.ts";

/**
 * Webhooks of Datadog (https://docs.datadoghq.com/integrations/webhooks/). Their body is a template of the user's over
 * Datadog's variables: what counts are the usual names for these, in any notation, nested or not. The template that
 * Datadog fills in has neither state nor monitor: both are read from the title and the links. Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"datadog">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const fields = foldNames(json.value);
  const all = (...names: readonly string[]): unknown[] => names.map((name) => fields.get(name));
  const text = (limit: number, ...names: readonly string[]): string => firstText(limit, ...all(...names));

  const title = readTitle(text(limits.title, ...titleNames));
  if (title.text === "") {
    return { kind: "unmappable", reason: "title: missing; the webhook's payload must have $EVENT_TITLE" };
  }
  const transition = stateOf(text(100, "alerttransition", "transition"));
  const state =
    transition ??
    stateOf(text(100, "incidentstatus")) ??
    stateOf(text(100, "alertstatus", "status", "state", "alertstate")) ??
    title.state ??
    (text(50, "alerttype", "eventalerttype").toLowerCase() === "success" ? "over" : null);
  const status: Alert["status"] = state === "over" ? "resolved" : "firing";

  const links = [...all(...linkNames), ...linksIn(fields.get("body") ?? fields.get("eventmsg"))];
  const monitor = text(100, "alertid", "monitorid") || monitorIn(links);
  const scope = text(1000, "alertscope", "scope", "scopes", "alertgroup") || title.scope;
  const aggregate = text(256, "aggregkey", "aggregationkey", "alertaggregkey", "eventaggregkey");
  const times = all(...timeNames);
  const alert = composeAlert(
    {
      status,
      title: [title.text],
      summary: [
        cleaned(text(limits.summary, ...messageNames)),
        stateOf(text(100, "alertstatus")) === null ? fields.get("alertstatus") : "",
      ],
      severity: [
        ...all("alertpriority", "severity", "incidentseverity", "securitysignalseverity"),
        priorityWord(fields.get("priority")),
        title.priority,
        severities[state ?? "alert"],
        ...all("alerttype", "eventalerttype"),
        "error",
      ],
      // Monitor and group stay the same from cycle to cycle; the event's own id, `id`, is always another.
      fingerprint:
        monitor === ""
          ? aggregate ||
            text(256, "alertcyclekey", "cyclekey", "incidentuuid", "incidentpublicid") ||
            undefined
          : `monitor/${monitor}/${inOrder(scope)}`,
      startedAt: times,
      endedAt: times,
      labels: [
        tagsOf(title.scope),
        tagsOf(scope),
        tagsOf(
          all("tags", "alerttags", "eventtags", "labelstags", "tagslist").find(
            (found) => found !== undefined,
          ),
        ),
        {
          monitor,
          host: text(limits.labelValue, "hostname", "host"),
          metric: text(limits.labelValue, "alertmetric", "metric"),
          org: text(limits.labelValue, "orgname"),
          event_type: text(limits.labelValue, "eventtype"),
          service: text(limits.labelValue, "service"),
          environment: text(limits.labelValue, "environment", "env"),
        },
      ],
      links,
      groupHint: monitor === "" ? aggregate : `monitor/${monitor}`,
    },
    source.id,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

const titleNames = [
  ["eventtitle", "title", "alerttitle", "incidenttitle", "securityrulename", "monitorname", "alertname"],
  ["name", "subject", "alertquery", "query"],
].flat();
const messageNames = [
  ["textonlymsg", "textmsg", "body", "eventmsg", "message", "msg", "text", "description", "alertbody"],
].flat();
const timeNames = [
  ["date", "dateposix", "alertdate", "eventdate", "datehappened", "timestamp", "occurredat", "lastupdated"],
].flat();
const linkNames = [
  "link",
  "url",
  "alerturl",
  "eventurl",
  "eventlink",
  "incidenturl",
  "snapshot",
  "snapshoturl",
];

type State = "alert" | "warn" | "no_data" | "over";

/** Words of $ALERT_TRANSITION, of $ALERT_STATUS, of a title's start and of $INCIDENT_STATUS. */
const states: Readonly<Record<string, State>> = {
  triggered: "alert",
  alert: "alert",
  renotify: "alert",
  active: "alert",
  firing: "alert",
  error: "alert",
  warn: "warn",
  warning: "warn",
  nodata: "no_data",
  recovered: "over",
  resolved: "over",
  ok: "over",
  stable: "over",
  completed: "over",
};

const severities: Readonly<Record<State, Severity | "">> = {
  alert: "",
  warn: "warning",
  no_data: "warning",
  over: "",
};

function stateOf(word: string): State | null {
  const folded = word.toLowerCase().replaceAll(/[^a-z]/g, "");
  // "Warn Recovered" and its like.
  if (folded.endsWith("recovered")) return "over";
  const plain = folded === "renotify" ? folded : folded.replace(/^re(?=triggered|alert|warn|nodata)/, "");
  return Object.hasOwn(states, plain) ? (states[plain] ?? null) : null;
}

interface Title {
  text: string;
  state: State | null;
  /** `P1` to `P5`, or nothing. */
  priority: string;
  scope: string;
}

/** Takes `[P2] [Triggered on {host:web-1}] ` off a title, so that it is the same when the monitor has recovered. */
function readTitle(text: string): Title {
  const title: Title = { text, state: null, priority: "", scope: "" };
  for (;;) {
    const [start, words = ""] = /^\s*\[([^[\]]{1,300})\]\s*/.exec(title.text) ?? [];
    if (start === undefined) break;
    const [, word = "", scope = ""] = /^(.{1,30}?)(?: on \{(.*)\})?$/.exec(words) ?? [];
    const state = stateOf(word);
    if (/^P[1-5]$/i.test(words)) title.priority = words.toUpperCase();
    else if (state !== null) Object.assign(title, { state, scope });
    else if (!/^(?:test|monitor alert)$/i.test(words)) break;
    title.text = title.text.slice(start.length);
  }
  // The older form: "[Monitor Alert] Triggered on {host:web-1}: CPU is high".
  const [start, word = "", scope = ""] =
    /^([A-Z][A-Za-z -]{1,20}?)(?: on \{([^{}]{0,300})\})?: /.exec(title.text) ?? [];
  const state = stateOf(word);
  if (start !== undefined && state !== null && title.state === null) {
    Object.assign(title, { state, scope, text: title.text.slice(start.length) });
  }
  return title.text === "" ? { ...title, text } : title;
}

/** The monitor's priority as number; the event's "normal" and "low" say nothing about the trouble. */
function priorityWord(value: unknown): string {
  const word = toText(value, 50);
  if (/^[1-5]$/.test(word)) return `P${word}`;
  return /^(?:normal|low)$/i.test(word) ? "" : word;
}

/** Without Markdown's addresses and images, Datadog's own footer, and those whom Datadog notifies. */
function cleaned(message: string): string {
  return message
    .replaceAll(/%%%|@(?:webhook|slack|pagerduty|opsgenie|teams)-[\w.-]{1,100}/g, "")
    .replaceAll(/!\[[^[\]]{0,200}\]\([^\s()]{0,2000}\)/g, "")
    .replaceAll(/\[([^[\]]{0,300})\]\([^\s()]{0,2000}\)/g, "$1")
    .replaceAll(
      /(?:- - -|·|\s){0,20}\[(?:Monitor Status|(?:Edit|View|Manage) Monitor|Related [A-Z][a-z]{1,20})\]/g,
      "",
    )
    .trim();
}

/** Datadog's own form of a message is full of links to what it is about. */
function linksIn(message: unknown): string[] {
  if (typeof message !== "string") return [];
  const found = message.slice(0, 20_000).matchAll(/\]\((https?:\/\/[^\s()]{1,1000})\)/g);
  return [...found].map(([, link = ""]) => link).slice(0, limits.links);
}

function monitorIn(links: readonly unknown[]): string {
  for (const link of links) {
    const found = typeof link === "string" ? /\/monitors(?:\/|#|\?monitor_id=)(\d{1,20})\b/.exec(link) : null;
    if (found?.[1] !== undefined) return found[1];
  }
  return "";
}

function inOrder(scope: string): string {
  return scope
    .split(",")
    .map((one) => one.trim())
    .toSorted()
    .join(",");
}

import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { gather } from "./gather.ts";
import { limits, maxAlerts, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "./peek.ts";

/**
 * Alarms of CloudWatch as SNS delivers them: the alarm's JSON as text in `Message`
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html), in the form of an alarm action or of
 * an EventBridge event (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html);
 * also several as `Records`, as Lambda functions receive and forward them. Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"cloudwatch">,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const found = unpack(json.value, { place: "body", topicArn: "", sentAt: null }, 0);
  if (found.length === 0) {
    return { kind: "unmappable", reason: "body: it is neither an SNS message nor a CloudWatch alarm" };
  }
  if (found.length > maxAlerts) return tooMany;
  const readOne = (one: Found): ParsedDelivery => {
    if (one.kind !== "alarm") return one;
    if (statusOf(one.alarm) === null) {
      return { kind: "unmappable", reason: `${one.place}: ${whereStateIs(one.alarm)}` };
    }
    return { kind: "alerts", alerts: [toAlert(one.alarm, one, receivedAt, source.id)] };
  };
  return gather(found.map(readOne));
}

const tooMany: ParsedDelivery = {
  kind: "unmappable",
  reason: `Records: more than ${maxAlerts} alarms in one delivery`,
};

interface Envelope {
  place: string;
  topicArn: string;
  sentAt: unknown;
}

interface Alarm {
  name: string;
  arn: string;
  state: string;
  previousState: string;
  reason: unknown;
  description: unknown;
  changedAt: unknown;
  account: unknown;
  /** `eu-west-1`, or "". */
  region: string;
  /** The same or "EU (Ireland)". */
  regionName: string;
  rule: unknown;
  children: readonly unknown[];
  metrics: readonly Metric[];
  contributor: { id: unknown; attributes: unknown };
  tags: unknown;
}

interface Metric {
  name: unknown;
  namespace: unknown;
  dimensions: unknown;
}

type Found =
  | ({ kind: "alarm"; alarm: Alarm } & Envelope)
  | { kind: "nothing"; what: string }
  | { kind: "unmappable"; reason: string };

/** Envelopes may stand in envelopes (a forwarded record is itself a message), but not without end. */
const deepest = 10;

function unpack(value: unknown, envelope: Envelope, depth: number): Found[] {
  const { place } = envelope;
  if (depth > deepest) return [{ kind: "unmappable", reason: `${place}: messages within messages` }];
  if (Array.isArray(value)) {
    return value
      .slice(0, maxAlerts + 1)
      .flatMap((one, index) => unpack(one, { ...envelope, place: `${place}.${index}` }, depth + 1));
  }
  const body = membersOf(value);
  const { Type, Records, Sns, Message, Event } = body;
  if (Type === "SubscriptionConfirmation" || Type === "UnsubscribeConfirmation") {
    return [{ kind: "nothing", what: `SNS ${Type}` }];
  }
  if (typeof Event === "string" && /(?:TEST_NOTIFICATION|:TestEvent)$/.test(Event)) {
    return [{ kind: "nothing", what: "a test notification" }];
  }
  if (Array.isArray(Records)) return unpack(Records, { ...envelope, place: `${place}.Records` }, depth + 1);
  if (Sns !== undefined) return unpack(Sns, { ...envelope, place: `${place}.Sns` }, depth + 1);
  if (Message !== undefined) {
    const inner = unquoted(Message);
    if (typeof inner !== "object" || inner === null) {
      return [{ kind: "unmappable", reason: `${place}.Message: it is not the JSON of a CloudWatch alarm` }];
    }
    const topicArn = toText(body["TopicArn"], 300) || envelope.topicArn;
    const sentAt = body["Timestamp"] ?? envelope.sentAt;
    return unpack(inner, { place: `${place}.Message`, topicArn, sentAt }, depth + 1);
  }
  const detailType = body["detail-type"];
  if (typeof detailType === "string" && !/\balarm\b.*\bstate change\b/i.test(detailType)) {
    return [{ kind: "nothing", what: `event "${toText(detailType, 100)}"` }];
  }
  const alarm = alarmOf(body);
  return [
    alarm === null
      ? { kind: "unmappable", reason: `${place}: no AlarmName and no detail.alarmName` }
      : { kind: "alarm", alarm, ...envelope },
  ];
}

function alarmOf(body: Readonly<Record<string, unknown>>): Alarm | null {
  const name = toText(body["AlarmName"], limits.title);
  return name === "" ? eventAlarmOf(body) : actionAlarmOf(name, body);
}

/** The form of an alarm's action. */
function actionAlarmOf(name: string, body: Readonly<Record<string, unknown>>): Alarm {
  const trigger = membersOf(unquoted(body["Trigger"]));
  const arn = toText(body["AlarmArn"], 500);
  return {
    name,
    arn,
    state: toText(body["NewStateValue"], 50).toUpperCase(),
    previousState: toText(body["OldStateValue"], 50).toUpperCase(),
    reason: body["NewStateReason"],
    description: body["AlarmDescription"],
    changedAt: body["StateChangeTime"],
    account: body["AWSAccountId"],
    region: regionOf(arn),
    regionName: toText(body["Region"], 100),
    rule: body["AlarmRule"],
    children: entriesOf(body["TriggeringChildren"]),
    metrics: metricsOf(
      trigger["MetricName"] === undefined ? trigger["Metrics"] : trigger,
      "MetricStat",
      "Metric",
    ),
    contributor: { id: body["AlarmContributorId"], attributes: body["AlarmContributorAttributes"] },
    tags: body["AlarmTags"] ?? body["Tags"],
  };
}

/** The form of an EventBridge event (`detail`) and of a Lambda action (`alarmData`). */
function eventAlarmOf(body: Readonly<Record<string, unknown>>): Alarm | null {
  const detail = membersOf(body["detail"] ?? body["alarmData"]);
  const name = toText(detail["alarmName"], limits.title);
  if (name === "") return null;
  const state = membersOf(detail["state"]);
  const configuration = membersOf(detail["configuration"]);
  const contributor = membersOf(detail["alarmContributor"]);
  const arn = toText(body["alarmArn"] ?? entriesOf(body["resources"])[0], 500);
  const reasonData = membersOf(unquoted(state["reasonData"]));
  return {
    name,
    arn,
    state: toText(state["value"], 50).toUpperCase(),
    previousState: toText(membersOf(detail["previousState"])["value"], 50).toUpperCase(),
    reason: state["reason"],
    description: configuration["description"],
    changedAt: state["timestamp"] ?? body["time"],
    account: body["account"] ?? body["accountId"],
    region: regionOf(arn),
    regionName: toText(body["region"], 100),
    rule: configuration["alarmRule"],
    children: entriesOf(reasonData["triggeringAlarms"]),
    metrics: metricsOf(configuration["metrics"], "metricStat", "metric"),
    contributor: { id: contributor["id"], attributes: contributor["attributes"] },
    tags: detail["alarmTags"],
  };
}

/** One metric, or several of which some are expressions over the others. */
function metricsOf(value: unknown, statName: string, metricName: string): Metric[] {
  return entriesOf(value)
    .slice(0, 20)
    .flatMap((one) => {
      const query = membersOf(one);
      const stat = membersOf(query[statName]);
      const metric = statName in query ? membersOf(stat[metricName]) : query;
      const name = metric["MetricName"] ?? metric["name"];
      if (name === undefined) return [];
      return [
        {
          name,
          namespace: metric["Namespace"] ?? metric["namespace"],
          dimensions: metric["Dimensions"] ?? metric["dimensions"],
        },
      ];
    });
}

/**
 * "No data" is asked for by whoever gives an alarm an action for it; it does not say that the trouble is over. Null for
 * a word that is no state.
 */
function statusOf({ state }: Alarm): Alert["status"] | null {
  if (state === "OK") return "resolved";
  return state === "ALARM" || state === "INSUFFICIENT_DATA" ? "firing" : null;
}

function whereStateIs({ state }: Alarm): string {
  const found = state === "" ? "missing" : "unknown";
  return `NewStateValue (or detail.state.value) is ${found}; it must be ALARM, OK or INSUFFICIENT_DATA`;
}

function toAlert(alarm: Alarm, envelope: Envelope, receivedAt: Instant, sourceId: string): Alert {
  // An alarm's topic is in the alarm's own region.
  const code = alarm.region || regionOf(envelope.topicArn);
  const region = code || alarm.regionName;
  const contributor = toText(alarm.contributor.id, 256);
  const tags = tagsOf(alarm.tags);
  const metric = alarm.metrics[0];
  const first = alarm.arn === "" ? `${toText(alarm.account, 50)}/${region}/${alarm.name}` : alarm.arn;
  return composeAlert(
    {
      status: alarm.state === "OK" ? "resolved" : "firing",
      title: [alarm.name],
      summary: [
        alarm.description,
        alarm.state === "INSUFFICIENT_DATA" ? `No data (was ${alarm.previousState || "unknown"})` : "",
        alarm.reason,
        alarm.rule,
        childrenOf(alarm.children),
      ],
      severity: [
        tags["severity"],
        tags["priority"],
        severityInName(alarm.name),
        alarm.state === "INSUFFICIENT_DATA" && alarm.previousState !== "ALARM" ? "warning" : "error",
      ],
      fingerprint: contributor === "" ? first : `${first}#${contributor}`,
      startedAt: [alarm.changedAt, envelope.sentAt],
      endedAt: [alarm.changedAt, envelope.sentAt],
      labels: [
        ...alarm.metrics.toReversed().map(({ dimensions }) => tagsOf(dimensions)),
        {
          alarm: alarm.name,
          account: alarm.account,
          region,
          metric: metric?.name,
          namespace: metric?.namespace,
          topic: envelope.topicArn.split(":").at(-1),
        },
        membersOf(alarm.contributor.attributes),
        tags,
      ],
      links: [consoleLink(alarm.arn || envelope.topicArn, alarm.name)],
    },
    sourceId,
    receivedAt,
  );
}

function childrenOf(children: readonly unknown[]): string {
  const names = children.slice(0, 20).map((child) => {
    const { Arn, arn } = membersOf(child);
    return (
      toText(Arn ?? arn, 500)
        .split(":alarm:")
        .at(-1) ?? ""
    );
  });
  const known = names.filter((name) => name !== "");
  return known.length === 0 ? "" : `Triggered by ${known.join(", ")}`;
}

/** CloudWatch has no severities: teams write them into the names of their alarms. */
function severityInName(name: string): string {
  return (
    /(?<![a-z])(critical|crit|fatal|warning|warn|info|p[0-5]|sev-?[0-5])(?![a-z0-9])/i.exec(name)?.[1] ?? ""
  );
}

function regionOf(arn: string): string {
  return /^arn:aws[a-z-]*:[a-z]+:([a-z]{2}(?:-[a-z]+)+-\d):/.exec(arn)?.[1] ?? "";
}

function consoleLink(arn: string, name: string): string | null {
  const region = regionOf(arn);
  if (region === "" || !arn.startsWith("arn:aws:")) return null;
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`;
}

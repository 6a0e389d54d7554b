import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { membersOf, tagsOf, unquoted } from "./peek.ts";

/**
 * Notification of type "Webhook" of Uptime Kuma 1 and 2, JSON: `heartbeat`, `monitor` and `msg`
 * (https://github.com/louislam/uptime-kuma, server/notification-providers/webhook.js). Its test and its warnings about
 * an expiring certificate or domain come without the first two. Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"uptime_kuma">,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  const heartbeat = membersOf(unquoted(body["heartbeat"]));
  const monitor = membersOf(unquoted(body["monitor"]));
  const message = toText(body["msg"], limits.summary);
  if (Object.keys(heartbeat).length === 0) return withoutHeartbeat(message, receivedAt, source.id);

  const status = statuses.get(toText(heartbeat["status"], 20).toUpperCase());
  if (status === undefined) {
    return {
      kind: "unmappable",
      reason: "heartbeat.status: missing or unknown; it must be 0 (down), 1 (up), 2 or 3",
    };
  }
  if (status === "pending") return { kind: "nothing", what: "a check is being tried again" };
  if (status === "maintenance") return { kind: "nothing", what: "a monitor is under maintenance" };
  const name = firstText(
    limits.title - 20,
    monitor["name"],
    monitor["pathName"],
    nameIn(message),
    "A monitor",
  );
  const id = firstText(100, monitor["id"], heartbeat["monitorID"], heartbeat["monitor_id"]);
  const mark = `monitor/${id === "" ? name : id}`;
  const times = [
    heartbeat["time"],
    `${toText(heartbeat["localDateTime"], 40)}${toText(heartbeat["timezoneOffset"], 10)}`,
  ];
  const alert = composeAlert(
    {
      status: status === "down" ? "firing" : "resolved",
      title: [`${name} is ${status}`],
      summary: [heartbeat["msg"], message],
      severity: ["critical"],
      fingerprint: mark,
      startedAt: times,
      endedAt: times,
      labels: [
        {
          monitor: name,
          monitor_path: monitor["pathName"],
          monitor_type: monitor["type"],
          host: firstText(limits.labelValue, monitor["hostname"], hostOf(monitor["url"])),
        },
        tagsOf(monitor["tags"]),
      ],
      links: [monitor["url"]],
      groupHint: mark,
    },
    source.id,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

const statuses: ReadonlyMap<string, "down" | "up" | "pending" | "maintenance"> = new Map([
  ["0", "down"],
  ["DOWN", "down"],
  ["FALSE", "down"],
  ["1", "up"],
  ["UP", "up"],
  ["TRUE", "up"],
  ["2", "pending"],
  ["PENDING", "pending"],
  ["3", "maintenance"],
  ["MAINTENANCE", "maintenance"],
]);

function withoutHeartbeat(message: string, receivedAt: Instant, sourceId: string): ParsedDelivery {
  if (message === "") {
    return { kind: "unmappable", reason: "heartbeat, msg: both are missing" };
  }
  if (!/\b(?:certificate|domain name)\b.*\bexpire/i.test(message)) {
    return { kind: "nothing", what: "a message without heartbeat, as the test sends it" };
  }
  // "will expire in 7 days": the same certificate as in 14 days' one.
  const mark = message.replaceAll(/\d+(?= days?\b)/g, "#");
  const alert = composeAlert(
    {
      status: "firing",
      title: [message],
      severity: ["warning"],
      fingerprint: mark,
      labels: [{ monitor: nameIn(message) }],
      groupHint: mark,
    },
    sourceId,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

/** `[name] [🔴 Down] reason` */
function nameIn(message: string): string {
  return /^\[([^\]]{1,200})\]/.exec(message)?.[1] ?? "";
}

function hostOf(url: unknown): string {
  return typeof url === "string" && url.length <= 2000 ? (URL.parse(url)?.hostname ?? "") : "";
}

import { z } from "zod";
import { Severity } from "./alert.ts";
import { Grouping } from "./grouping.ts";

/** Where a value stands in a JSON body: a JSON Pointer (`/a/0/b`, RFC 6901) or a dotted path (`a.0.b`). */
export const Pointer = z
  .string()
  .min(1)
  .max(300)
  .regex(
    /^(\/([^~/]|~[01])*(\/([^~/]|~[01])*)*|[^./~\s][^./~]*(\.[^./~]+)*)$/,
    "a JSON Pointer such as /alert/title or a dotted path such as alert.title",
  );
export type Pointer = z.infer<typeof Pointer>;

/** The value at `pointer`; undefined where there is none. Only own members of objects and entries of arrays are reached. */
export function readPointer(body: unknown, pointer: Pointer): unknown {
  const steps = pointer.startsWith("/")
    ? pointer
        .slice(1)
        .split("/")
        .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    : pointer.split(".");
  let value: unknown = body;
  for (const step of steps) {
    if (Array.isArray(value)) value = /^(0|[1-9][0-9]{0,8})$/.test(step) ? value[Number(step)] : undefined;
    else if (typeof value === "object" && value !== null && Object.hasOwn(value, step)) {
      value = Reflect.get(value, step);
    } else return undefined;
  }
  return value;
}

/** What senders commonly say, in small letters, when trouble is over. */
export const usualResolvedWords = [
  ["resolved", "ok", "closed", "recovered", "cleared", "ended", "inactive"],
  ["succeeded", "success", "passed", "healthy", "normal", "up"],
].flat();

/**
 * How a `generic` source's JSON is read. The defaults are the plain form: title, status, severity, summary,
 * fingerprint, startsAt, endsAt, labels and links at the top.
 */
export const GenericMapping = z.strictObject({
  title: Pointer.default("/title").describe("What is wrong."),
  summary: Pointer.default("/summary").describe("More about it."),
  status: Pointer.default("/status").describe("Firing or resolved."),
  resolvedWords: z
    .array(z.string().min(1))
    .min(1)
    .default(usualResolvedWords)
    .describe("Texts of `status` that mean that the trouble is over; capitals do not matter."),
  severity: Pointer.default("/severity").describe("How bad it is."),
  severityWords: z
    .record(z.string().min(1), Severity)
    .default({})
    .describe("The source's own words for severities; those of ours need no entry."),
  fingerprint: Pointer.default("/fingerprint").describe(
    "What tells this alert from others, the same when it fires and when it is resolved.",
  ),
  startedAt: Pointer.default("/startsAt").describe("Since when."),
  endedAt: Pointer.default("/endsAt").describe("Until when."),
  labels: Pointer.default("/labels").describe(
    'An object whose members become labels; also `["name:value"]` and `[{ key, value }]`.',
  ),
  extraLabels: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a label name such as service"), Pointer)
    .default({})
    .describe("Labels taken from elsewhere: label name → pointer."),
  links: z.array(Pointer).max(10).default(["/links"]).describe("Addresses, or lists of them."),
});
export type GenericMapping = z.infer<typeof GenericMapping>;

/**
 * How a source proves who it is. `bearer` and `basic`: the secret in `Authorization` (basic: the user is the source's
 * id unless `user` says otherwise). `header`: the secret as the value of the header `header`. `hmac`: HMAC-SHA-256 over
 * the raw bytes, in `encoding`, in `header`. `standard_webhooks`: https://www.standardwebhooks.com. `vendor`: the kind's own
 * signature.
 */
export const SourceAuth = z.enum(["bearer", "basic", "header", "hmac", "standard_webhooks", "vendor"]);
export type SourceAuth = z.infer<typeof SourceAuth>;

/** How `auth: hmac` is written in its header. */
export const HmacEncoding = z.enum(["hex", "base64"]);
export type HmacEncoding = z.infer<typeof HmacEncoding>;

const names = z.array(z.string().min(1)).min(1);

/**
 * What an alert of this source may lead to: whoever holds its secret can move nothing else. `*` stands for everything
 * the catalogue allows.
 */
export const SourceReach = z.strictObject({
  projects: names.default(["*"]).describe("Keys of FeatBit projects."),
  environments: names.default(["*"]).describe("Keys of FeatBit environments."),
  flags: names.default(["*"]).describe("Keys of flags."),
});
export type SourceReach = z.infer<typeof SourceReach>;

const ServiceNames = z.strictObject({
  label: z
    .string()
    .min(1)
    .max(200)
    .describe(
      "The label whose value says which service an alert is about, where no entry of the catalogue claims it.",
    ),
  names: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe("That value → name in the catalogue; a value that is such a name itself needs no entry."),
});

const HeaderName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "a header's name");

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens")
    .describe("Also the last part of its address: `POST /webhooks/<id>`."),
  user: z
    .string()
    .regex(/^[^:\p{Cc}]{1,100}$/u, "a name without colon")
    .optional()
    .describe("For `auth: basic`; absent: the source's id."),
  header: HeaderName.default("X-Signalman-Signature").describe(
    "The header that carries the secret (`header`) or the HMAC (`hmac`), the latter with or without `sha256=`.",
  ),
  encoding: HmacEncoding.default("hex").describe("How auth: hmac is written."),
  service: ServiceNames.optional().describe(
    "How an alert names its service, where no entry of the catalogue claims it.",
  ),
  mayLeadTo: SourceReach.prefault({}).describe(
    "What its alerts may move; * stands for everything the catalogue allows.",
  ),
  grouping: Grouping.optional().describe("Which of its alerts become one incident."),
  rate: z
    .strictObject({
      perSecond: z.number().positive().max(1_000_000).default(500).describe("Deliveries a second."),
      burst: z.int().positive().max(10_000_000).default(5000).describe("Deliveries at once."),
    })
    .prefault({})
    .describe("Token bucket: what is faster is answered 429."),
};

const secretEnv = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,99}$/, "a variable's name such as ALERTMANAGER_SECRET")
  .describe("Name of the variable that holds its secret.");

const secretAuth = z
  .enum(["bearer", "basic", "header", "hmac"])
  .default("bearer")
  .describe("How it proves itself.");
/** Of senders that know user and password, and no other way. */
const passwordAuth = z
  .enum(["basic", "bearer", "header", "hmac"])
  .default("basic")
  .describe("How it proves itself.");
const vendorAuth = z
  .enum(["vendor", "bearer", "basic", "header", "hmac"])
  .default("vendor")
  .describe("How it proves itself.");
const openAuth = z
  .enum(["bearer", "basic", "header", "hmac", "standard_webhooks"])
  .default("bearer")
  .describe("How it proves itself.");

function kindOf<Kind extends string, Auth extends z.ZodType<SourceAuth>>(kind: Kind, auth: Auth) {
  return { ...common, kind: z.literal(kind).describe("The system that sends."), auth, secretEnv };
}

/** A system that sends alerts, as `signalman.yml` declares it. Its secret is not part of it. */
export const Source = z.discriminatedUnion("kind", [
  z.strictObject(kindOf("alertmanager", secretAuth)),
  z.strictObject({
    ...kindOf("grafana", vendorAuth),
    timestampHeader: HeaderName.default("X-Grafana-Alerting-Timestamp").describe(
      'Set in Grafana as "Timestamp Header"; where it comes along, it is signed too and must be of now.',
    ),
  }),
  z.strictObject(kindOf("datadog", secretAuth)),
  z.strictObject(kindOf("pagerduty", vendorAuth)),
  z.strictObject(kindOf("sentry", vendorAuth)),
  z.strictObject(kindOf("new_relic", secretAuth)),
  z.strictObject(kindOf("opsgenie", secretAuth)),
  // Signed with Amazon's key, not with a secret of ours: which topics are ours is what must be declared.
  z.strictObject({
    ...common,
    kind: z.literal("cloudwatch").describe("The system that sends."),
    auth: z.literal("vendor").default("vendor").describe("How it proves itself."),
    topicArns: z
      .array(
        z
          .string()
          .regex(
            /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$/,
            "the ARN of an SNS topic",
          ),
      )
      .min(1)
      .describe("The SNS topics that are ours."),
  }),
  z.strictObject(kindOf("azure_monitor", secretAuth)),
  z.strictObject(kindOf("google_cloud_monitoring", passwordAuth)),
  z.strictObject(kindOf("dynatrace", secretAuth)),
  z.strictObject(kindOf("splunk", passwordAuth)),
  z.strictObject(kindOf("uptime_kuma", secretAuth)),
  z.strictObject(kindOf("featbit", vendorAuth)),
  z.strictObject(kindOf("github", vendorAuth)),
  z.strictObject(kindOf("change", openAuth)),
  z.strictObject(kindOf("cloudevents", openAuth)),
  z.strictObject({
    ...kindOf("generic", openAuth),
    mapping: GenericMapping.prefault({}).describe(
      "Where the parts of an alert stand in its JSON, as JSON Pointers or dotted paths.",
    ),
  }),
]);
export type Source = z.infer<typeof Source>;
export type SourceKind = Source["kind"];
export type SourceOf<Kind extends SourceKind> = Extract<Source, { kind: Kind }>;

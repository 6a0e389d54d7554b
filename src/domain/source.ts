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
  title: Pointer.default("/title"),
  summary: Pointer.default("/summary"),
  status: Pointer.default("/status"),
  /** Texts of `status` that mean that the trouble is over; capitals do not matter. */
  resolvedWords: z.array(z.string().min(1)).min(1).default(usualResolvedWords),
  severity: Pointer.default("/severity"),
  /** The source's own words for severities; those of ours need no entry. */
  severityWords: z.record(z.string().min(1), Severity).default({}),
  fingerprint: Pointer.default("/fingerprint"),
  startedAt: Pointer.default("/startsAt"),
  endedAt: Pointer.default("/endsAt"),
  /** An object whose members become labels; also `["name:value"]` and `[{ key, value }]`. */
  labels: Pointer.default("/labels"),
  /** Labels taken from elsewhere: label name → pointer. */
  extraLabels: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a label name such as service"), Pointer)
    .default({}),
  /** Addresses, or lists of them. */
  links: z.array(Pointer).max(10).default(["/links"]),
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
  projects: names.default(["*"]),
  environments: names.default(["*"]),
  /** Keys of flags. */
  flags: names.default(["*"]),
});
export type SourceReach = z.infer<typeof SourceReach>;

const ServiceNames = z.strictObject({
  /** The label whose value says which service an alert is about, where no entry of the catalogue claims it. */
  label: z.string().min(1).max(200),
  /** That value → name in the catalogue; a value that is such a name itself needs no entry. */
  names: z.record(z.string().min(1), z.string().min(1)).default({}),
});

const HeaderName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "a header's name");

const common = {
  /** Also the last part of its address: `POST /webhooks/<id>`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens"),
  /** For `auth: basic`; absent: the source's id. */
  user: z
    .string()
    .regex(/^[^:\p{Cc}]{1,100}$/u, "a name without colon")
    .optional(),
  /** The header that carries the secret (`header`) or the HMAC (`hmac`), the latter with or without `sha256=`. */
  header: HeaderName.default("X-Signalman-Signature"),
  encoding: HmacEncoding.default("hex"),
  service: ServiceNames.optional(),
  mayLeadTo: SourceReach.prefault({}),
  grouping: Grouping.optional(),
  /** Token bucket: what is faster is answered 429. */
  rate: z
    .strictObject({
      perSecond: z.number().positive().max(1_000_000).default(500),
      burst: z.int().positive().max(10_000_000).default(5000),
    })
    .prefault({}),
};

/** Name of the variable that holds its secret. */
const secretEnv = z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, "a variable's name such as ALERTMANAGER_SECRET");

const secretAuth = z.enum(["bearer", "basic", "header", "hmac"]).default("bearer");
/** Of senders that know user and password, and no other way. */
const passwordAuth = z.enum(["basic", "bearer", "header", "hmac"]).default("basic");
const vendorAuth = z.enum(["vendor", "bearer", "basic", "header", "hmac"]).default("vendor");
const openAuth = z.enum(["bearer", "basic", "header", "hmac", "standard_webhooks"]).default("bearer");

function kindOf<Kind extends string, Auth extends z.ZodType<SourceAuth>>(kind: Kind, auth: Auth) {
  return { ...common, kind: z.literal(kind), auth, secretEnv };
}

/** A system that sends alerts, as `signalman.yml` declares it. Its secret is not part of it. */
export const Source = z.discriminatedUnion("kind", [
  z.strictObject(kindOf("alertmanager", secretAuth)),
  z.strictObject({
    ...kindOf("grafana", vendorAuth),
    /** Set in Grafana as "Timestamp Header"; where it comes along, it is signed too and must be of now. */
    timestampHeader: HeaderName.default("X-Grafana-Alerting-Timestamp"),
  }),
  z.strictObject(kindOf("datadog", secretAuth)),
  z.strictObject(kindOf("pagerduty", vendorAuth)),
  z.strictObject(kindOf("sentry", vendorAuth)),
  z.strictObject(kindOf("new_relic", secretAuth)),
  z.strictObject(kindOf("opsgenie", secretAuth)),
  // Signed with Amazon's key, not with a secret of ours: which topics are ours is what must be declared.
  z.strictObject({
    ...common,
    kind: z.literal("cloudwatch"),
    auth: z.literal("vendor").default("vendor"),
    topicArns: z
      .array(
        z
          .string()
          .regex(
            /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$/,
            "the ARN of an SNS topic",
          ),
      )
      .min(1),
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
    mapping: GenericMapping.prefault({}),
  }),
]);
export type Source = z.infer<typeof Source>;
export type SourceKind = Source["kind"];
export type SourceOf<Kind extends SourceKind> = Extract<Source, { kind: Kind }>;

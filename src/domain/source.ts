import { z } from "zod";
import { Severity } from "./alert.ts";

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

/**
 * How a `generic` source's JSON is read. The defaults are the plain form: title, status, severity, summary,
 * fingerprint, startsAt, endsAt, labels and links at the top.
 */
export const GenericMapping = z.strictObject({
  title: Pointer.default("/title"),
  summary: Pointer.default("/summary"),
  status: Pointer.default("/status"),
  /** Texts of `status` that mean that the trouble is over; capitals do not matter. */
  resolvedWords: z.array(z.string().min(1)).min(1).default(["resolved", "ok", "closed", "recovered"]),
  severity: Pointer.default("/severity"),
  /** The source's own words for severities; those of ours need no entry. */
  severityWords: z.record(z.string().min(1), Severity).default({}),
  fingerprint: Pointer.default("/fingerprint"),
  startedAt: Pointer.default("/startsAt"),
  endedAt: Pointer.default("/endsAt"),
  /** An object whose members become labels. */
  labels: Pointer.default("/labels"),
  /** Labels taken from elsewhere: label name → pointer. */
  extraLabels: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a label name such as service"), Pointer)
    .default({}),
  links: z.array(Pointer).max(10).default([]),
});
export type GenericMapping = z.infer<typeof GenericMapping>;

/** How a source proves who it is: a secret in `Authorization: Bearer`, or HMAC-SHA-256 (hex) over the raw bytes. */
const SourceAuth = z.enum(["bearer", "hmac"]);

const base = {
  /** Also the last part of its address: `POST /webhooks/<id>`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens"),
  auth: SourceAuth.default("bearer"),
  /** Name of the variable that holds its secret. */
  secretEnv: z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, "a variable's name such as ALERTMANAGER_SECRET"),
  /** The header that carries the HMAC, with or without `sha256=` before it. */
  header: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, "a header's name")
    .default("X-Signalman-Signature"),
};

/** A system that sends alerts, as `signalman.yml` declares it. Its secret is not part of it. */
export const Source = z.discriminatedUnion("kind", [
  z.strictObject({ ...base, kind: z.literal("alertmanager") }),
  z.strictObject({ ...base, kind: z.literal("generic"), mapping: GenericMapping.prefault({}) }),
]);
export type Source = z.infer<typeof Source>;

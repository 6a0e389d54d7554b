import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { toAuditRow } from "../../../src/adapters/featbit/audit-log.ts";
import { createRestClient, type RestClient } from "../../../src/adapters/featbit/rest-client.ts";
import { toFlag, toSegment } from "../../../src/adapters/featbit/to-flag.ts";
import {
  pageOf,
  WireAuditEntry,
  WireFlag,
  WireFlagListItem,
  WireProject,
  WireSegment,
  WireSegmentListItem,
} from "../../../src/adapters/featbit/wire.ts";
import { OpsError, type OpsErrorCode } from "../../../src/domain/ops-error.ts";
import {
  isExchange,
  loadRecorded,
  type RecordedExchange,
  type RecordedFile,
} from "../../support/recorded-featbit.ts";
import { type CannedServer, createCannedServer } from "./canned-server.ts";

// Every answer of the running server that has the form of one of our requests is given to the client.

const files = [
  "rest-projects",
  "rest-tokens-iam",
  "rest-flags",
  "rest-errors",
  "rest-audit",
  "rest-segments",
] satisfies RecordedFile[];
const recorded = files.flatMap((file) =>
  loadRecorded(file)
    .filter(isExchange)
    .map((exchange) => ({ file, exchange })),
);
/** Requests of our methods; one answer was noted as a summary only. */
const exchanges = recorded.filter(
  ({ exchange: { id, request } }) => /^(?:GET|PUT)$/.test(request.method) && id !== "q-pagesize-500",
);

let server: CannedServer;
let client: RestClient;
beforeAll(async () => {
  server = await createCannedServer();
  client = createRestClient({ apiUrl: server.url, token: "api-x", tokenSetting: "FEATBIT_READ_TOKEN" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const env = "/api/v1/envs/[0-9a-f-]+";
const schemas: { path: RegExp; schema: z.ZodType }[] = [
  { path: /^\/api\/v1\/projects$/, schema: z.array(WireProject) },
  {
    path: new RegExp(`^${env}/feature-flags$`),
    schema: pageOf(WireFlagListItem),
  },
  { path: new RegExp(`^${env}/segments$`), schema: pageOf(WireSegmentListItem) },
  { path: new RegExp(`^${env}/segments/by-ids$`), schema: z.array(WireSegment) },
  { path: new RegExp(`^${env}/segments/[0-9a-f-]{36}$`), schema: WireSegment },
  { path: new RegExp(`^${env}/audit-logs$`), schema: pageOf(WireAuditEntry) },
  { path: new RegExp(`^${env}/feature-flags/(?!all-tags$|insights$|is-key-used$)[^/]+$`), schema: WireFlag },
];

function schemaFor({ request }: RecordedExchange): z.ZodType | undefined {
  const path = request.path.split("?")[0] ?? "";
  if (request.method === "PUT") {
    if (/\/feature-flags\/[^/]+\/(?:toggle\/[^/]+|targeting|off-variation)$/.test(path))
      return z.string().min(1);
    if (/\/feature-flags\/[^/]+\/(?:archive|restore)$/.test(path)) return z.literal(true);
    return undefined;
  }
  return schemas.find((entry) => entry.path.test(path))?.schema;
}

const isSuccess = ({ response }: RecordedExchange) =>
  response.status === 200 && z.object({ success: z.literal(true) }).safeParse(response.body).success;

async function play(exchange: RecordedExchange, schema: z.ZodType): Promise<unknown> {
  const { status, headers, body } = exchange.response;
  server.next.push({
    status,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !/^(?:transfer-encoding|content-length)$/i.test(name)),
    ),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const path = exchange.request.path.replace(/^\/api\/v\d+/, "");
  return exchange.request.method === "GET"
    ? client.get(path, {}, schema)
    : client.put(path, exchange.request.body ?? {}, schema, "ToggleFlag");
}

test("every recorded success of a request of ours is understood", async () => {
  const counts = new Map<string, number>();
  for (const { file, exchange } of exchanges) {
    const schema = schemaFor(exchange);
    if (schema === undefined || !isSuccess(exchange)) continue;
    const kind = `${exchange.request.method} ${exchange.request.path
      .replace(/\?.*/, "")
      .replace(/.*\/envs\/[^/]+/, "")
      .replace(/(feature-flags|segments)\/(?!by-ids)[^/]+/, "$1/*")
      .replace(/toggle\/.*/, "toggle/*")}`;
    const data = await play(exchange, schema).catch((error: unknown) => {
      throw new Error(`${file} ${exchange.id}`, { cause: error });
    });
    expect(data, `${file} ${exchange.id}`).not.toBeNull();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  process.stdout.write(`recorded successes understood: ${JSON.stringify(Object.fromEntries(counts))}\n`);
  expect(counts.size).toBeGreaterThanOrEqual(11);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(130);
});

/** Nulls that the domain writes as empty (see domain/flag/flag.ts). */
const emptied = (value: unknown, key?: string): unknown => {
  if (value === null && key !== "dispatchKey") return key === "tags" ? [] : "";
  if (Array.isArray(value)) return value.map((item) => emptied(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, emptied(member, name)]));
};

test("every recorded flag is taken over field for field, on either side of an audit entry too", () => {
  const Recorded = z.looseObject({ key: z.string(), revision: z.string(), variations: z.array(z.unknown()) });
  let flags = 0;
  let refused = 0;
  const check = (raw: unknown) => {
    const given = Recorded.safeParse(raw);
    if (!given.success) return;
    if (JSON.stringify(raw).includes('"conditions":null')) {
      expect(() => toFlag(WireFlag.parse(raw))).toThrow(/rule .* without conditions \(null\)/);
      refused++;
      return;
    }
    expect(emptied(raw)).toMatchObject(toFlag(WireFlag.parse(raw)));
    flags++;
  };
  for (const { exchange } of recorded) {
    const body = z.object({ data: z.unknown() }).safeParse(exchange.response.body).data;
    check(body?.data);
    const page = pageOf(z.unknown()).safeParse(body?.data).data;
    for (const item of page?.items ?? []) {
      const change = z.object({ dataChange: z.object({ previous: z.string(), current: z.string() }) });
      const sides = change.safeParse(item).data?.dataChange;
      for (const side of [sides?.previous, sides?.current]) {
        if (side !== undefined && side !== "") check(JSON.parse(side));
      }
    }
  }
  for (const entry of loadRecorded("rest-audit")) {
    const sides = z.object({ dataChangeParsed: z.record(z.string(), z.unknown()) }).safeParse(entry).data;
    for (const side of Object.values(sides?.dataChangeParsed ?? {})) check(side);
  }
  process.stdout.write(`recorded flags taken over: ${flags}, refused for conditions null: ${refused}\n`);
  expect(flags).toBeGreaterThan(120);
  expect(refused).toBeGreaterThan(0);
});

test("every recorded segment is taken over field for field", () => {
  let segments = 0;
  const One = z.looseObject({ included: z.unknown(), excluded: z.unknown(), rules: z.array(z.unknown()) });
  for (const { exchange } of exchanges) {
    const data = z.object({ data: z.unknown() }).safeParse(exchange.response.body).data?.data;
    for (const raw of Array.isArray(data) ? data : [data]) {
      const given = One.safeParse(raw).data;
      if (given === undefined || !("isEnvironmentSpecific" in given)) continue;
      expect({ ...given, included: given.included ?? [], excluded: given.excluded ?? [] }).toMatchObject(
        toSegment(WireSegment.parse(raw)),
      );
      segments++;
    }
  }
  process.stdout.write(`recorded segments taken over: ${segments}\n`);
  expect(segments).toBeGreaterThan(3);
});

test("every recorded audit entry about a flag is read, with author and revisions", () => {
  let entries = 0;
  const Noted = z.object({ item: z.unknown() });
  const pages = exchanges.flatMap(({ exchange }) => {
    const data = z.object({ data: z.unknown() }).safeParse(exchange.response.body).data?.data;
    return pageOf(z.unknown()).safeParse(data).data?.items ?? [];
  });
  const noted = loadRecorded("rest-audit").flatMap((entry) => Noted.safeParse(entry).data?.item ?? []);
  for (const raw of [...pages, ...noted]) {
    const wire = WireAuditEntry.safeParse(raw).data;
    if (wire === undefined || wire.refType !== "FeatureFlag") continue;
    const row = toAuditRow(wire);
    if (row.kind !== "entry") throw new Error(row.reason);
    const { entry } = row;
    expect(entry.author.name).not.toBe("");
    expect(Date.parse(entry.at)).toBe(Math.floor(Date.parse(wire.createdAt)));
    expect(entry.before === null && entry.unmapped === null).toBe(wire.dataChange.previous === "");
    if (entry.after !== null) expect(entry.revisionAfter).toBe(entry.after.revision);
    entries++;
  }
  process.stdout.write(`recorded audit entries read: ${entries}\n`);
  expect(entries).toBeGreaterThan(30);
});

const codes: Record<number, OpsErrorCode> = {
  400: "rejected",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "rejected",
  409: "conflict",
  415: "rejected",
  422: "rejected",
  500: "server_error",
};

test("every recorded refusal of a read or write becomes its failure, and says what, where and what to do", async () => {
  const counts: Record<string, number> = {};
  for (const { file, exchange } of exchanges) {
    const { method, path } = exchange.request;
    const { status } = exchange.response;
    if (isSuccess(exchange)) continue;
    const body = JSON.stringify(exchange.response.body);
    const label = `${file} ${exchange.id}`;
    if (method === "GET" && status === 404 && body.includes("ResourceNotFound")) {
      expect(await play(exchange, z.unknown()), label).toBeNull();
      counts["404 → null"] = (counts["404 → null"] ?? 0) + 1;
      continue;
    }
    const failure = await play(exchange, z.unknown()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure, label).toBeInstanceOf(OpsError);
    if (!(failure instanceof OpsError)) continue;
    const code = status === 200 ? "rejected" : codes[status];
    expect(failure.code, `${label}: ${status}`).toBe(code);
    expect(failure.message).toContain(`${method} /api/v1${path.replace(/^\/api\/v\d+/, "")}`);
    expect(failure.message).not.toContain("api-x");
    counts[`${status} → ${failure.code}`] = (counts[`${status} → ${failure.code}`] ?? 0) + 1;
  }
  process.stdout.write(`recorded refusals: ${JSON.stringify(counts)}\n`);
  for (const status of [400, 401, 403, 404, 409, 422, 500]) {
    expect(counts[`${status} → ${codes[status] ?? ""}`], String(status)).toBeGreaterThan(0);
  }
});

import { randomBytes } from "node:crypto";
import { toWireJson } from "./dotnet-json.ts";

/** An HTTP answer before it is written. `body` undefined means an empty body. */
export type Reply = { status: number; headers: Record<string, string>; body?: string };

const JSON_TYPE = "application/json; charset=utf-8";
const NO_STORE = { "cache-control": "no-cache,no-store" };

const json = (status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": JSON_TYPE, ...headers },
  body: toWireJson(value),
});

export const ok = (data: unknown): Reply => json(200, { success: true, errors: [], data });

/** HTTP 200 that is not success: a failed JSON Patch. */
export const okButFailed = (error: string, data: unknown): Reply =>
  json(200, { success: false, errors: [error], data });

export const plainJson = (value: unknown): Reply => json(200, value);

/** Refused before the handler: no cache headers. */
export const refused = (status: 401 | 403, code: string): Reply =>
  json(
    status,
    { success: false, errors: [code], data: null },
    status === 401 ? { "www-authenticate": "Bearer" } : {},
  );

/** Thrown by a handler; the exception writer of the real server adds the cache header. */
export class Failure extends Error {
  readonly status: number;
  readonly codes: string[];
  constructor(status: number, ...codes: string[]) {
    super(`${status} ${codes.join(", ")}`);
    this.status = status;
    this.codes = codes;
  }
  reply(): Reply {
    return json(this.status, { success: false, errors: this.codes, data: null }, NO_STORE);
  }
}

export const notFound = () => new Failure(404, "ResourceNotFound");
export const conflict = () => new Failure(409, "Conflict");
export const forbidden = () => new Failure(403, "Forbidden");
export const serverError = () => new Failure(500, "InternalServerError");

export const empty = (status: number, headers: Record<string, string> = {}): Reply => ({ status, headers });

export const text = (status: number, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body,
});

export const healthy = (): Reply =>
  text(200, "Healthy", { "content-type": "text/plain", "cache-control": "no-store, no-cache" });

const TITLES: Record<number, [section: string, title: string]> = {
  400: ["15.5.1", "One or more validation errors occurred."],
  401: ["15.5.2", "Unauthorized"],
  415: ["15.5.16", "Unsupported Media Type"],
};

/** ASP.NET's ProblemDetails: what the framework answers before FeatBit's own code runs. */
export function problem(
  status: 400 | 401 | 415,
  server: "api" | "evaluation",
  errors?: Record<string, string[]>,
): Reply {
  const [section, title] = TITLES[status] ?? ["", ""];
  const trace = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
  const value = {
    type: `https://tools.ietf.org/html/rfc9110#section-${section}`,
    title,
    status,
    ...(errors && { errors }),
    traceId: trace,
  };
  const type = server === "api" ? JSON_TYPE : "application/problem+json; charset=utf-8";
  return json(status, value, { "content-type": type });
}

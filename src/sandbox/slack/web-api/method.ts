import { parseJson, type Json, type JsonObject } from "../json.ts";
import type { Token, TokenKind } from "../tokens.ts";
import type { World } from "../world.ts";

export type Args = JsonObject;

export type ApiCall = {
  readonly world: World;
  readonly args: Args;
  readonly token: Token;
  /** Where this stand-in listens: `http://127.0.0.1:<port>`. */
  readonly baseUrl: string;
};

export type ApiMethod = {
  readonly tokens: readonly TokenKind[];
  /** All of them are needed. */
  readonly scopes: readonly string[];
  readonly run: (call: ApiCall) => JsonObject;
};

/** The stand-in says no, with the error code that Slack would use. */
export class ApiRefusal extends Error {
  readonly code: string;
  readonly details: JsonObject;

  constructor(code: string, details: JsonObject = {}) {
    super(`Slack refuses: ${code}`);
    this.code = code;
    this.details = details;
  }
}

export function refuseArguments(...messages: readonly string[]): ApiRefusal {
  return new ApiRefusal("invalid_arguments", { response_metadata: { messages } });
}

export function method(
  scopes: readonly string[],
  run: ApiMethod["run"],
  tokens: readonly TokenKind[] = ["bot"],
): ApiMethod {
  return { tokens, scopes, run };
}

export function optionalText(args: Args, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function requiredText(args: Args, name: string): string {
  const value = optionalText(args, name);
  if (value === undefined) throw refuseArguments(`[ERROR] missing required field: ${name}`);
  return value;
}

export function flagArg(args: Args, name: string): boolean {
  return args[name] === true || args[name] === "true" || args[name] === "1";
}

/** A value that form bodies carry as a JSON string and JSON bodies as it is; `refusal` when the string is not JSON. */
export function jsonArg(args: Args, name: string, refusal: string): Json | undefined {
  const value = args[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") return value;
  const parsed = parseJson(value);
  if (parsed === undefined) throw new ApiRefusal(refusal);
  return parsed;
}

/** Slack's cursor paging: the cursor is the opaque number of the next item. */
export function page<T>(
  items: readonly T[],
  args: Args,
): { readonly items: readonly T[]; readonly next: string } {
  const limit = Math.min(Math.max(Number(optionalText(args, "limit") ?? 100) || 100, 1), 1000);
  const cursor = optionalText(args, "cursor");
  const start =
    cursor === undefined ? 0 : Number(Buffer.from(cursor, "base64url").toString().replace("next:", ""));
  if (!Number.isInteger(start) || start < 0) throw new ApiRefusal("invalid_cursor");
  const end = start + limit;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`next:${end}`).toString("base64url") : "",
  };
}

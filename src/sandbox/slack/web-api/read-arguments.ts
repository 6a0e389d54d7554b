import type { IncomingMessage } from "node:http";
import { isObject, parseJson } from "../json.ts";
import { ApiRefusal, type Args } from "./method.ts";

const maxBodyBytes = 4 * 1024 * 1024;

export async function readBody(request: IncomingMessage, maxBytes = maxBodyBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new ApiRefusal("request_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The arguments of a call: from the query, a form or a JSON body; form values are strings. */
export async function readArguments(request: IncomingMessage, query: URLSearchParams): Promise<Args> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  const body = (await readBody(request)).toString("utf8");
  if (type === "application/json") {
    const parsed = parseJson(body === "" ? "{}" : body);
    if (!isObject(parsed)) throw new ApiRefusal("invalid_json");
    return { ...Object.fromEntries(query), ...parsed };
  }
  if (body !== "" && type !== "application/x-www-form-urlencoded") throw new ApiRefusal("invalid_form_data");
  return { ...Object.fromEntries(query), ...Object.fromEntries(new URLSearchParams(body)) };
}

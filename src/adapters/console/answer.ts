import type { ServerResponse } from "node:http";
import type { Html } from "./html.ts";

/** No script at all, nothing from elsewhere, in no frame, kept by nobody on the way. */
const safety = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export type Headers = Readonly<Record<string, string>>;

export function answer(
  response: ServerResponse,
  status: number,
  { type, text }: { type: string; text: string },
  headers: Headers = {},
): void {
  const length = Buffer.byteLength(text);
  response
    .writeHead(status, {
      ...safety,
      "content-type": `${type}; charset=utf-8`,
      "content-length": length,
      ...headers,
    })
    .end(text);
}

export function answerPage(
  response: ServerResponse,
  status: number,
  page: Html,
  headers: Headers = {},
): void {
  answer(response, status, { type: "text/html", text: page.markup }, headers);
}

export function redirect(response: ServerResponse, location: string, headers: Headers = {}): void {
  answer(response, 303, { type: "text/plain", text: "" }, { location, ...headers });
}

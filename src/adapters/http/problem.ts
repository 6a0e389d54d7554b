import type { IncomingMessage, ServerResponse } from "node:http";
import type { HmacEncoding } from "../../domain/source.ts";

/** What is wrong with a request, as RFC 9457 says it. `code` is stable; `detail` says what to do. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  headers?: Readonly<Record<string, string>>;
}

/** How much of an unwanted body is still swallowed, so that the sender gets to read the answer before the cut. */
const lingerBytes = 1024 * 1024;
const lingerMs = 500;

export function problemText({ status, code, title, detail }: Problem): string {
  return JSON.stringify({ type: `urn:signalman:problem:${code}`, title, status, detail });
}

/** Answers with a problem. The rest of a body that nobody will read is not waited for: the connection ends. */
export function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const text = Buffer.from(problemText(problem));
  const headers = {
    "content-type": "application/problem+json",
    "content-length": text.length,
    "cache-control": "no-store",
    ...problem.headers,
  };
  if (request.complete || request.destroyed) {
    response.writeHead(problem.status, headers).end(text);
    return;
  }
  // Ending at once would reset the connection under a sender that is still writing; it would see no answer.
  response.writeHead(problem.status, { ...headers, connection: "close" });
  response.write(text);
  let left = lingerBytes;
  const finish = (): void => {
    clearTimeout(timer);
    request.removeListener("data", swallow);
    response.end();
    if (!request.complete) request.socket.destroySoon();
  };
  const swallow = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) finish();
  };
  const timer = setTimeout(finish, lingerMs);
  request.on("data", swallow).once("end", finish).once("close", finish);
}

export const unknownPlace: Problem = {
  status: 404,
  code: "not-found",
  title: "Nothing here",
  detail: "Alerts go to POST /webhooks/<source-id>, with the id of a source declared in signalman.yml.",
};

export function methodNotAllowed(allow: string): Problem {
  return {
    status: 405,
    code: "method-not-allowed",
    title: "Method not allowed",
    detail: `Use ${allow}.`,
    headers: { allow },
  };
}

function unauthorized(title: string, detail: string, challenge: string): Problem {
  return { status: 401, code: "unauthorized", title, detail, headers: { "www-authenticate": challenge } };
}

const badCredential = "The credential is missing or wrong";
const badSignature = "The signature is missing or wrong";

export const unauthorizedBearer = unauthorized(
  badCredential,
  "Send the source's secret once, as Authorization: Bearer <secret>.",
  'Bearer realm="webhooks"',
);

export function unauthorizedBasic(user: string): Problem {
  return unauthorized(
    badCredential,
    `Send Authorization: Basic once, with the user ${user} and the source's secret as password.`,
    'Basic realm="webhooks", charset="UTF-8"',
  );
}

export function unauthorizedHeader(header: string): Problem {
  return unauthorized(
    badCredential,
    `Send ${header}: <the source's secret> once.`,
    `Secret header="${header}"`,
  );
}

export function unauthorizedSignature(header: string, encoding: HmacEncoding = "hex"): Problem {
  return unauthorized(
    badSignature,
    `Send ${header} once: the HMAC-SHA-256 of the raw body with the source's secret, in ${encoding === "hex" ? "lower-case hex" : "base64"}.`,
    `HMAC-SHA256 header="${header}"`,
  );
}

export const unauthorizedStandardWebhook = unauthorized(
  badSignature,
  "Send webhook-id, webhook-timestamp and webhook-signature once each, signed as https://www.standardwebhooks.com says.",
  'HMAC-SHA256 header="webhook-signature"',
);

export function staleSignature(header: string): Problem {
  return unauthorized(
    "The signed time is not now",
    `${header} must be whole seconds since 1970, within 300 of now. Check the sender's clock and this one's.`,
    `HMAC-SHA256 header="${header}"`,
  );
}

export function unauthorizedSns(detail: string): Problem {
  return unauthorized("Not a message that SNS signed for this source", detail, 'SNS header="body"');
}

export const rawSnsDelivery: Problem = {
  status: 422,
  code: "sns-raw-delivery",
  title: "Raw message delivery carries no signature",
  detail: "Turn off raw message delivery in the settings of the SNS subscription.",
};

export const certificateUnavailable: Problem = {
  status: 503,
  code: "certificate-unavailable",
  title: "The signing certificate could not be fetched",
  detail: "The message was neither believed nor accepted. Send it again later.",
  headers: { "retry-after": "10" },
};

export function tooFast(retryAfterMs: number): Problem {
  return {
    status: 429,
    code: "too-fast",
    title: "This source sends faster than its rate",
    detail: "Send it again later, or raise the source's rate in signalman.yml.",
    headers: { "retry-after": retryAfter(retryAfterMs) },
  };
}

function retryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

export const notJson: Problem = {
  status: 415,
  code: "unsupported-media-type",
  title: "Not JSON",
  detail: "Send Content-Type: application/json (UTF-8), or a type that ends in +json.",
};

export const encodedBody: Problem = {
  status: 415,
  code: "unsupported-content-encoding",
  title: "Compressed bodies are not read",
  detail: "Send the body without Content-Encoding.",
  headers: { "accept-encoding": "identity" },
};

export function bodyTooLarge(maxBytes: number): Problem {
  return {
    status: 413,
    code: "body-too-large",
    title: "The body is too large",
    detail: `Send at most ${maxBytes} bytes; with Alertmanager, set max_alerts.`,
  };
}

export const tooSlow: Problem = {
  status: 408,
  code: "request-timeout",
  title: "The request took too long",
  detail: "Send the whole request without pauses.",
};

export function storeDown(retryAfterMs: number): Problem {
  return {
    status: 503,
    code: "store-unavailable",
    title: "The delivery could not be kept",
    detail: "It was not accepted. Send it again later.",
    headers: { "retry-after": retryAfter(retryAfterMs) },
  };
}

export const ourFault: Problem = {
  status: 500,
  code: "internal",
  title: "Something is wrong here",
  detail: "The delivery was not accepted. Send it again; if it persists, look into Signalman's log.",
};

import type { IncomingMessage } from "node:http";

/** The parts of a request that locks look at, from headers in lower case. */
export function asRequest(headers: Record<string, string>): IncomingMessage {
  const raw = Object.entries(headers).flat();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a lock reads these two members only
  return { headers, rawHeaders: raw } as unknown as IncomingMessage;
}

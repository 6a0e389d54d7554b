import type { IncomingMessage } from "node:http";

/**
 * The value of a header that may stand there once. Null when it is absent, empty or repeated: Node would keep the
 * first `Authorization` and join others by commas, and a proxy before us may have looked at another one.
 */
export function onlyHeader(request: Pick<IncomingMessage, "rawHeaders">, name: string): string | null {
  const wanted = name.toLowerCase();
  const raw = request.rawHeaders;
  let found: string | null = null;
  for (let index = 0; index < raw.length; index += 2) {
    const header = raw[index];
    if (header === undefined || header.length !== wanted.length || header.toLowerCase() !== wanted) continue;
    if (found !== null) return null;
    found = raw[index + 1] ?? null;
  }
  return found === "" ? null : found;
}

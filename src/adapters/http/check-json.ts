import type { Problem } from "./problem.ts";

/** Deepest nesting of objects and arrays that is accepted. */
export const maxJsonDepth = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Null for strict UTF-8 that is JSON of at most `maxJsonDepth` levels; otherwise what is wrong. Never recurses. */
export function checkJson(bytes: Uint8Array): Problem | null {
  if (bytes.length === 0) return malformed("The body is empty.");
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return malformed("The body is not valid UTF-8.");
  }
  if (text.startsWith("\u{FEFF}"))
    return malformed("The body begins with a byte order mark; send it without.");
  if (isDeeperThan(bytes, maxJsonDepth)) {
    return {
      status: 422,
      code: "too-deep",
      title: "The JSON is nested too deeply",
      detail: `At most ${maxJsonDepth} levels of objects and arrays are read.`,
    };
  }
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return malformed(`The body is not valid JSON${placeIn(error)}.`);
  }
}

function malformed(detail: string): Problem {
  return { status: 400, code: "malformed", title: "The body cannot be read", detail };
}

/** The parser's message quotes the body, so only the place is taken from it. */
function placeIn(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  return / at position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0] ?? "";
}

const quote = 0x22;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closers: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** One pass over the bytes: in UTF-8 none of JSON's signs is part of another character. */
function isDeeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte < 0x5b) continue;
    else if (openers.has(byte)) {
      depth += 1;
      if (depth > limit) return true;
    } else if (closers.has(byte)) depth -= 1;
  }
  return false;
}

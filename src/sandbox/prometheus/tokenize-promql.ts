import { parseError } from "./promql-error.ts";

export type Token = {
  kind: "number" | "duration" | "identifier" | "string" | "symbol" | "end";
  text: string;
  offset: number;
};

const space = /(?:\s+|#[^\n]*)+/y;
const duration = /(?:\d+(?:ms|[smhdwy]))+(?![\w])/y;
const number = /(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)(?![\w])/y;
const identifier = /[A-Za-z_:][\w:]*/y;
const string = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`/y;
const symbol = /==|!=|<=|>=|=~|!~|[-+*/%^<>=(){}[\],@:]/y;

const kinds = [
  ["duration", duration],
  ["number", number],
  ["identifier", identifier],
  ["string", string],
  ["symbol", symbol],
] as const;

/** Splits a query into tokens; the last one is always `end`. */
export function tokenizePromql(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    offset += textAt(space, source, offset).length;
    if (offset >= source.length) break;
    const token = tokenAt(source, offset);
    tokens.push(token);
    offset += token.text.length;
  }
  return [...tokens, { kind: "end", text: "", offset: source.length }];
}

function tokenAt(source: string, offset: number): Token {
  for (const [kind, pattern] of kinds) {
    const text = textAt(pattern, source, offset);
    if (text !== "") return { kind, text, offset };
  }
  const character = source[offset] ?? "";
  if (/["'`]/.test(character)) throw parseError(source, offset, "unterminated quoted string");
  if (/\d/.test(character)) {
    throw parseError(
      source,
      offset,
      `bad number or duration syntax: ${JSON.stringify(/\S+/.exec(source.slice(offset))?.[0])}`,
    );
  }
  throw parseError(source, offset, `unexpected character: '${character}'`);
}

function textAt(pattern: RegExp, source: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(source)?.[0] ?? "";
}

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** `1h30m` in milliseconds; undefined when it is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  return total;
}

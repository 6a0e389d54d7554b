import { compileMatcher } from "./compile-matcher.ts";
import { checkTypes } from "./check-promql-types.ts";
import type { Expression, Grouping, Matcher, MatchOperator, Selector } from "./promql-ast.ts";
import { parseError, type PromqlError } from "./promql-error.ts";
import { aggregations, functionArguments, unsupportedWords } from "./promql-functions.ts";
import { parseDurationMs, tokenizePromql, type Token } from "./tokenize-promql.ts";

const binaryPrecedence = new Map(
  [["or"], ["and", "unless"], ["==", "!=", "<=", "<", ">=", ">"], ["+", "-"], ["*", "/", "%"], ["^"]].flatMap(
    (operators, level) => operators.map((operator): [string, number] => [operator, level]),
  ),
);
const powerLevel = 5;
const comparisonLevel = 2;

/**
 * Reads a query (recursive descent; one function per rule of the grammar). Understands the part of PromQL named in
 * `promql-functions.ts`; anything else of PromQL is refused as unsupported, and what Prometheus refuses with its words.
 * @throws PromqlError
 */
export function parsePromql(source: string): Expression {
  const tokens = tokenizePromql(source);
  let position = 0;
  const end: Token = { kind: "end", text: "", offset: source.length };

  const peek = (ahead = 0): Token => tokens[position + ahead] ?? end;
  const next = (): Token => tokens[position++] ?? end;
  const fail = (token: Token, message: string): PromqlError => parseError(source, token.offset, message);
  const at = (text: string): boolean => peek().kind !== "string" && peek().text === text;
  const accept = (text: string): boolean => at(text) && (position += 1) > 0;

  function unexpected(token: Token, where = ""): PromqlError {
    const what =
      token.kind === "end"
        ? "end of input"
        : `${token.kind === "symbol" ? "" : `${token.kind} `}"${token.text}"`;
    return fail(token, `unexpected ${what}${where}`);
  }

  function expect(text: string, where: string): void {
    if (!accept(text)) throw unexpected(peek(), where);
  }

  function binary(minimum: number): Expression {
    let left = unary();
    for (;;) {
      const token = peek();
      const level = token.kind === "string" ? undefined : binaryPrecedence.get(token.text.toLowerCase());
      if (level === undefined || level < minimum) return left;
      next();
      const returnBool = peek().text.toLowerCase() === "bool" && accept(peek().text);
      if (returnBool && level !== comparisonLevel) {
        throw fail(token, "bool modifier can only be used on comparison operators");
      }
      refuseUnsupported(peek());
      const right = binary(level === powerLevel ? level : level + 1);
      left = { kind: "binary", operator: token.text.toLowerCase(), returnBool, left, right };
    }
  }

  function unary(): Expression {
    if (accept("-")) return { kind: "negate", of: binary(powerLevel) };
    if (accept("+")) return binary(powerLevel);
    return postfix(primary());
  }

  function postfix(expression: Expression): Expression {
    if (at("[")) {
      if (expression.kind !== "selector") throw fail(peek(), "subqueries are not supported by this stand-in");
      if (expression.rangeMs !== undefined) throw unexpected(peek());
      next();
      expression.rangeMs = durationMs();
      if (peek().text.startsWith(":")) throw fail(peek(), "subqueries are not supported by this stand-in");
      expect("]", ' in subquery or range selector, expected "]"');
    }
    if (peek().text.toLowerCase() === "offset" && peek().kind === "identifier") {
      const token = next();
      if (expression.kind !== "selector") {
        throw fail(
          token,
          "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        );
      }
      const sign = accept("-") ? -1 : 1;
      expression.offsetMs = sign * durationMs();
    }
    if (at("@")) throw fail(peek(), "the @ modifier is not supported by this stand-in");
    return expression;
  }

  function durationMs(): number {
    const token = next();
    const ms = token.kind === "number" ? Number(token.text) * 1_000 : parseDurationMs(token.text);
    if (ms === undefined) throw unexpected(token, ", expected duration");
    if (ms <= 0) throw fail(token, "duration must be greater than 0");
    return ms;
  }

  function primary(): Expression {
    const token = next();
    if (token.kind === "end" && tokens.length === 1) throw fail(token, "no expression found in input");
    if (token.text === "(" && token.kind === "symbol") {
      const inner = binary(0);
      if (peek().kind === "end") throw fail(peek(), "unclosed left parenthesis");
      expect(")", "");
      return inner;
    }
    if (token.text === "{" && token.kind === "symbol") return selector(undefined, token);
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind !== "identifier") throw unexpected(token);
    return named(token);
  }

  function named(token: Token): Expression {
    const word = token.text.toLowerCase();
    if (word === "inf" || word === "nan") return { kind: "number", value: word === "inf" ? Infinity : NaN };
    const group = peek().text === "(" || ["by", "without"].includes(peek().text.toLowerCase());
    if (aggregations.has(word) && group) return aggregate(word);
    if (peek().text !== "(") {
      if (at("{")) return selector(token.text, next());
      return selector(token.text, undefined);
    }
    refuseUnsupported(token);
    if (!functionArguments.has(token.text)) throw fail(token, `unknown function with name "${token.text}"`);
    return { kind: "call", name: token.text, args: callArguments() };
  }

  function refuseUnsupported(token: Token): void {
    const call = token === peek() ? peek(1).text : peek().text;
    if (token.kind === "identifier" && unsupportedWords.has(token.text.toLowerCase()) && call === "(") {
      throw fail(token, `"${token.text}" is not supported by this stand-in`);
    }
  }

  function callArguments(): Expression[] {
    const args: Expression[] = [];
    expect("(", "");
    while (!accept(")")) {
      if (peek().kind === "end") throw fail(peek(), "unclosed left parenthesis");
      args.push(binary(0));
      if (peek().kind === "end") throw fail(peek(), "unclosed left parenthesis");
      if (!at(")")) expect(",", ' in function call, expected "," or ")"');
    }
    return args;
  }

  function aggregate(name: string): Expression {
    const before = grouping();
    const token = peek();
    const args = callArguments();
    const after = before ?? grouping();
    const [of, ...more] = args;
    if (of === undefined) throw fail(token, "no arguments for aggregate expression provided");
    if (more.length > 0)
      throw fail(
        token,
        `wrong number of arguments for aggregate expression provided, expected 1, got ${args.length}`,
      );
    return { kind: "aggregate", name, grouping: after ?? { mode: "by", labels: [] }, of };
  }

  function grouping(): Grouping | undefined {
    const mode = peek().text.toLowerCase();
    if (mode !== "by" && mode !== "without") return undefined;
    next();
    expect("(", ' in grouping opts, expected "("');
    const labels: string[] = [];
    while (!accept(")")) {
      const token = next();
      if (token.kind !== "identifier") throw unexpected(token, " in grouping opts, expected label");
      labels.push(token.text);
      if (!at(")")) expect(",", ' in grouping opts, expected "," or ")"');
    }
    return { mode, labels };
  }

  function selector(name: string | undefined, brace: Token | undefined): Selector {
    const matchers: Matcher[] = name === undefined ? [] : [compileMatcher("__name__", "=", name)];
    if (brace !== undefined) {
      while (!accept("}")) {
        matchers.push(matcher(name));
        if (!at("}")) expect(",", ' in label matching, expected "," or "}"');
      }
    }
    if (matchers.every((m) => m.matches(""))) {
      throw parseError(
        source,
        brace?.offset ?? 0,
        "vector selector must contain at least one non-empty matcher",
      );
    }
    return { kind: "selector", matchers, offsetMs: 0 };
  }

  function matcher(name: string | undefined): Matcher {
    const label = next();
    if (label.kind === "end") throw fail(label, "unexpected end of input inside braces");
    if (label.kind !== "identifier")
      throw unexpected(label, ' in label matching, expected identifier or "}"');
    if (label.text === "__name__" && name !== undefined)
      throw fail(label, `metric name must not be set twice: "${name}"`);
    const operator = next();
    if (!isMatchOperator(operator.text))
      throw unexpected(operator, " in label matching, expected label matching operator");
    const value = next();
    if (value.kind !== "string") throw unexpected(value, " in label matching, expected string");
    try {
      return compileMatcher(label.text, operator.text, unquote(value.text));
    } catch (error) {
      throw fail(value, error instanceof Error ? error.message : String(error));
    }
  }

  const expression = binary(0);
  if (peek().kind !== "end") throw unexpected(peek());
  checkTypes(expression, source);
  return expression;
}

function isMatchOperator(text: string): text is MatchOperator {
  return text === "=" || text === "!=" || text === "=~" || text === "!~";
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inner;
  return inner.replace(/\\(.)/gs, (_, character: string) => {
    const plain = escapes[character];
    if (plain === undefined)
      throw new Error(`unknown escape sequence U+${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return plain;
  });
}

import type { Matcher, MatchOperator } from "./promql-ast.ts";

/** Builds a label matcher; throws with RE2's wording when Prometheus would refuse the pattern. */
export function compileMatcher(label: string, operator: MatchOperator, value: string): Matcher {
  return { label, operator, value, matches: test(operator, value) };
}

function test(operator: MatchOperator, value: string): (actual: string) => boolean {
  if (operator === "=") return (actual) => actual === value;
  if (operator === "!=") return (actual) => actual !== value;
  const pattern = compileRe2(value);
  return operator === "=~" ? (actual) => pattern.test(actual) : (actual) => !pattern.test(actual);
}

/** Prometheus anchors patterns and lets `.` match newlines; RE2 knows neither look-around nor back-references. */
function compileRe2(source: string): RegExp {
  const perlOnly = /\(\?(?:=|!|<=|<!)/.exec(source)?.[0];
  if (perlOnly !== undefined) {
    throw new Error(`error parsing regexp: invalid or unsupported Perl syntax: \`${perlOnly}\``);
  }
  const reference = /(?<!\\)(?:\\\\)*(\\[1-9])/.exec(source)?.[1];
  if (reference !== undefined)
    throw new Error(`error parsing regexp: invalid escape sequence: \`${reference}\``);
  const ignoreCase = source.startsWith("(?i)");
  try {
    return new RegExp(`^(?:${ignoreCase ? source.slice(4) : source})$`, ignoreCase ? "is" : "s");
  } catch (error) {
    throw new Error(`error parsing regexp: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

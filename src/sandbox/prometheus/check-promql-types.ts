import type { Expression, ValueType } from "./promql-ast.ts";
import { parseError, type PromqlError } from "./promql-error.ts";
import { functionArguments } from "./promql-functions.ts";

const comparisons = new Set(["==", "!=", "<=", "<", ">=", ">"]);
const setOperators = new Set(["and", "or", "unless"]);

/** The type of an expression's value; refuses what Prometheus' own type check refuses, in its words. */
export function checkTypes(expression: Expression, source: string): ValueType {
  const refuse = (message: string): PromqlError => parseError(source, 0, message);
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "selector":
      return expression.rangeMs === undefined ? "instant vector" : "range vector";
    case "call": {
      const expected = functionArguments.get(expression.name) ?? [];
      if (expected.length !== expression.args.length) {
        throw refuse(
          `expected ${expected.length} argument(s) in call to "${expression.name}", got ${expression.args.length}`,
        );
      }
      for (const [index, argument] of expression.args.entries()) {
        const type = checkTypes(argument, source);
        if (type !== expected[index]) {
          throw refuse(
            `expected type ${expected[index]} in call to function "${expression.name}", got ${type}`,
          );
        }
      }
      return expression.name === "scalar" ? "scalar" : "instant vector";
    }
    case "aggregate": {
      const type = checkTypes(expression.of, source);
      if (type !== "instant vector") {
        throw refuse(`expected type instant vector in aggregation expression, got ${type}`);
      }
      return "instant vector";
    }
    case "negate": {
      const type = checkTypes(expression.of, source);
      if (type === "range vector") {
        throw refuse(
          'unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
        );
      }
      return type;
    }
    case "binary":
      return checkBinary(expression, source, refuse);
  }
}

function checkBinary(
  { operator, returnBool, left, right }: Extract<Expression, { kind: "binary" }>,
  source: string,
  refuse: (message: string) => PromqlError,
): ValueType {
  const types = [checkTypes(left, source), checkTypes(right, source)];
  if (types.includes("range vector"))
    throw refuse("binary expression must contain only scalar and instant vector types");
  const scalars = types.filter((type) => type === "scalar").length;
  if (scalars > 0 && setOperators.has(operator)) {
    throw refuse(`set operator "${operator}" not allowed in binary scalar expression`);
  }
  if (scalars === 2 && comparisons.has(operator) && !returnBool) {
    throw refuse("comparisons between scalars must use BOOL modifier");
  }
  return scalars === 2 ? "scalar" : "instant vector";
}

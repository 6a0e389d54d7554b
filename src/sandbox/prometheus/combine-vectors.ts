import { PromqlError } from "./promql-error.ts";
import { labelKey, type Labels } from "./series-store.ts";
import { withoutName, type Value, type Vector } from "./vector.ts";

const arithmetic: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
};

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** `left operator right`. Two vectors pair up by all their labels but the metric name. @throws PromqlError */
export function combine(operator: string, returnBool: boolean, left: Value, right: Value): Value {
  if (left.kind === "vector" && right.kind === "vector") {
    return { kind: "vector", vector: combineVectors(operator, returnBool, left.vector, right.vector) };
  }
  if (left.kind === "scalar" && right.kind === "scalar") {
    return { kind: "scalar", value: compute(operator, true, left.value, right.value, left.value) ?? NaN };
  }
  const [vector, scalar] =
    left.kind === "vector" ? [left.vector, right] : [right.kind === "vector" ? right.vector : [], left];
  if (scalar.kind !== "scalar") throw new Error("one side of this operation must be a scalar");
  return {
    kind: "vector",
    vector: vector.flatMap(({ labels, value }) => {
      const [a, b] = left.kind === "vector" ? [value, scalar.value] : [scalar.value, value];
      const result = compute(operator, returnBool, a, b, value);
      return result === undefined
        ? []
        : [{ labels: keepsName(operator, returnBool) ? labels : withoutName(labels), value: result }];
    }),
  };
}

function combineVectors(operator: string, returnBool: boolean, left: Vector, right: Vector): Vector {
  const matched = new Set(right.map(({ labels }) => pairKey(labels)));
  const leftKeys = new Set(left.map(({ labels }) => pairKey(labels)));
  if (operator === "and") return left.filter(({ labels }) => matched.has(pairKey(labels)));
  if (operator === "unless") return left.filter(({ labels }) => !matched.has(pairKey(labels)));
  if (operator === "or") return [...left, ...right.filter(({ labels }) => !leftKeys.has(pairKey(labels)))];

  const partners = new Map<string, number>();
  for (const { labels, value } of right) {
    const key = pairKey(labels);
    if (partners.has(key)) {
      throw new PromqlError(
        "execution",
        `found duplicate series for the match group {${key}} on the right hand-side of the operation;` +
          "many-to-many matching not allowed: matching labels must be unique on one side",
      );
    }
    partners.set(key, value);
  }
  const taken = new Set<string>();
  return left.flatMap(({ labels, value }) => {
    const key = pairKey(labels);
    const partner = partners.get(key);
    if (partner === undefined) return [];
    const result = compute(operator, returnBool, value, partner, value);
    if (result === undefined) return [];
    if (taken.has(key)) {
      throw new PromqlError(
        "execution",
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
      );
    }
    taken.add(key);
    return [{ labels: keepsName(operator, returnBool) ? labels : withoutName(labels), value: result }];
  });
}

/** A comparison without `bool` filters: it yields `kept` or nothing. */
function compute(
  operator: string,
  returnBool: boolean,
  a: number,
  b: number,
  kept: number,
): number | undefined {
  const calculate = arithmetic[operator];
  if (calculate !== undefined) return calculate(a, b);
  const holds = comparisons[operator];
  if (holds === undefined) throw new Error(`operator ${operator} is parsed but not computed`);
  if (returnBool) return holds(a, b) ? 1 : 0;
  return holds(a, b) ? kept : undefined;
}

function keepsName(operator: string, returnBool: boolean): boolean {
  return operator in comparisons && !returnBool;
}

function pairKey(labels: Labels): string {
  return labelKey(withoutName(labels));
}

export type MatchOperator = "=" | "!=" | "=~" | "!~";

export type Matcher = {
  label: string;
  operator: MatchOperator;
  value: string;
  matches: (value: string) => boolean;
};

export type Selector = {
  kind: "selector";
  matchers: Matcher[];
  /** Set for a range selector such as `[5m]`. */
  rangeMs?: number;
  offsetMs: number;
};

export type Grouping = { mode: "by" | "without"; labels: string[] };

export type Expression =
  | { kind: "number"; value: number }
  | Selector
  | { kind: "call"; name: string; args: Expression[] }
  | { kind: "aggregate"; name: string; grouping: Grouping; of: Expression }
  | { kind: "binary"; operator: string; returnBool: boolean; left: Expression; right: Expression }
  | { kind: "negate"; of: Expression };

export type ValueType = "scalar" | "instant vector" | "range vector";

import type { ValueType } from "./promql-ast.ts";
import { overTimeFunctions, rateFunctions } from "./range-functions.ts";

const overRanges = [...Object.keys(overTimeFunctions), ...Object.keys(rateFunctions)];

/** Argument types of the functions the stand-in computes; the result of each is an instant vector but `scalar`'s. */
export const functionArguments = new Map<string, ValueType[]>([
  ...overRanges.map((name): [string, ValueType[]] => [name, ["range vector"]]),
  ["histogram_quantile", ["scalar", "instant vector"]],
  ["vector", ["scalar"]],
  ["scalar", ["instant vector"]],
  ["abs", ["instant vector"]],
  ["clamp_min", ["instant vector", "scalar"]],
  ["clamp_max", ["instant vector", "scalar"]],
]);

export const aggregations = new Set(["sum", "avg", "max", "min", "count"]);

/** Words of PromQL that the stand-in knows of but does not compute: it says so instead of a made-up syntax error. */
export const unsupportedWords = new Set(
  (
    "topk bottomk quantile stddev stdvar group count_values limitk on ignoring group_left group_right " +
    "absent absent_over_time changes delta deriv idelta irate resets quantile_over_time stddev_over_time stdvar_over_time " +
    "present_over_time label_replace label_join predict_linear round ceil floor exp ln log2 log10 sqrt sgn sort sort_desc " +
    "time timestamp hour minute month year day_of_week day_of_month day_of_year days_in_month clamp " +
    "histogram_avg histogram_count histogram_sum histogram_fraction double_exponential_smoothing"
  ).split(" "),
);

import { PromqlError } from "./promql-error.ts";
import { parseDurationMs } from "./tokenize-promql.ts";

const maxPoints = 11_000;

/** A time parameter (Unix seconds or RFC 3339) in milliseconds. */
export function readTime(name: string, text: string | null, fallback?: number): number {
  if ((text === null || text === "") && fallback !== undefined) return fallback;
  const value = text ?? "";
  const seconds = value.trim() === "" ? NaN : Number(value);
  if (Number.isFinite(seconds)) return Math.round(seconds * 1_000);
  const parsed = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(parsed)) throw invalid(name, `cannot parse ${JSON.stringify(value)} to a valid timestamp`);
  return parsed;
}

/** Start, end and step of a range query in milliseconds, refused as Prometheus refuses them. */
export function readRange(params: URLSearchParams): { start: number; end: number; step: number } {
  const start = readTime("start", params.get("start"));
  const end = readTime("end", params.get("end"));
  if (end < start) throw invalid("end", "end timestamp must not be before start time");
  const text = params.get("step") ?? "";
  const step = parseDurationMs(text) ?? (text.trim() === "" ? NaN : Number(text) * 1_000);
  if (!Number.isFinite(step))
    throw invalid("step", `cannot parse ${JSON.stringify(text)} to a valid duration`);
  if (step <= 0) {
    throw invalid(
      "step",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  if (Math.floor((end - start) / step) > maxPoints) {
    throw new PromqlError(
      "bad_data",
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    );
  }
  return { start, end, step };
}

export function invalid(name: string, reason: string): PromqlError {
  return new PromqlError("bad_data", `invalid parameter "${name}": ${reason}`);
}

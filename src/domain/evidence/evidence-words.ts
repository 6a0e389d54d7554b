import type { MetricFigures } from "./evidence.ts";
import type { Instant } from "../ids.ts";

/** "2026-11-21 12:03:20 UTC" */
export function timeWords(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "2.41 s", "5.4%", "0.0541": three significant digits. */
export function figureWords(value: number | null, unit: string): string {
  if (value === null) return "no samples";
  const number = String(Number(value.toPrecision(3)));
  if (unit === "" || unit === "ratio") return number;
  return unit === "%" ? `${number}%` : `${number} ${unit}`;
}

export function figuresWords(figures: MetricFigures, unit: string): string {
  if (figures.samples === 0) return "no samples";
  return `mean ${figureWords(figures.mean, unit)}, max ${figureWords(figures.max, unit)}, ${figures.samples} samples`;
}

/** "40 s", "5 min", "2.5 h", "12 days" */
export function spanWords(ms: number): string {
  const size = Math.abs(ms);
  if (size < 90_000) return `${Math.round(size / 1000)} s`;
  if (size < 90 * 60_000) return `${Math.round(size / 60_000)} min`;
  if (size < 48 * 3_600_000) return `${Number((size / 3_600_000).toFixed(1))} h`;
  return `${Math.round(size / 86_400_000)} days`;
}

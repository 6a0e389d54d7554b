import type { Instant } from "../../domain/ids.ts";

/** An instant in the reader's own time zone, with UTC for whatever does not render Slack's date tokens. */
export function when(at: string): string {
  const seconds = Math.floor(Date.parse(at) / 1000);
  return `<!date^${seconds}^{date_short_pretty} {time}|${utc(at)}>`;
}

export function utc(at: string): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** "12 min", "3 h", "2 d": the largest unit that keeps the number readable. */
export function durationWords(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** How long the first lies before the second; "after" where it does not. */
export function distanceWords(at: Instant | string, to: Instant | string): string {
  const ms = Date.parse(to) - Date.parse(at);
  return ms >= 0 ? `${durationWords(ms)} before` : `${durationWords(-ms)} after`;
}

export function numberWords(value: number | null, unit: string): string {
  if (value === null) return "no samples";
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
  return unit === "%" ? `${text}%` : `${text} ${unit}`.trim();
}

export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** With the full stop that a heading or a model may have left out. */
export function sentence(text: string): string {
  return text === "" || /[.!?…]$/.test(text) ? text : `${text}.`;
}

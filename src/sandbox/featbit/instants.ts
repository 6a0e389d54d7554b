// FeatBit shows times as .NET and PostgreSQL write them: up to seven fractional digits in memory, up to six once
// a row was stored, trailing zeros trimmed.

/** @param ms Unix time in milliseconds, with a fraction for the digits below. */
export function toInstant(ms: number): string {
  const whole = Math.floor(ms);
  const below = Math.min(9999, Math.floor((ms - whole) * 10_000));
  return trim(new Date(whole).toISOString().slice(0, -1) + String(below).padStart(4, "0"));
}

/** As the database gives it back: microseconds. */
export function toStored(instant: string): string {
  const [seconds = "", fraction = ""] = instant.slice(0, -1).split(".");
  return trim(`${seconds}.${fraction.slice(0, 6)}`);
}

/** As webhooks write it: always seven fractional digits. */
export function toSevenDigits(instant: string): string {
  const [seconds = "", fraction = ""] = instant.slice(0, -1).split(".");
  return `${seconds}.${fraction.padEnd(7, "0")}Z`;
}

/** @param text with a decimal point. */
const trim = (text: string): string => `${text.replace(/\.?0*$/, "")}Z`;

export const msOf = (instant: string): number => Math.floor(microsOf(instant) / 1000);

export function microsOf(instant: string): number {
  const [seconds = "", fraction = ""] = instant.slice(0, -1).split(".");
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

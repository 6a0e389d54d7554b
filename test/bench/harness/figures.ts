/** The middle one, or the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  if (high === undefined || low === undefined) throw new Error("there is no median of nothing");
  return (low + high) / 2;
}

/** The smallest value that `share` (0..1) of all are not above. Throws for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("there is no percentile of nothing");
  return value;
}

/** How far two measurements of the same thing lay apart at most, as a share: what is closer than this is equal. */
export function noiseOf(pairs: readonly (readonly [number, number])[]): number {
  return Math.max(...pairs.map(([a, b]) => Math.abs(a / b - 1)));
}

export function rounded(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}

/** `median (min–max)` */
export function spread(values: readonly number[]): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(shown);
  return `${middle} (${low}–${high})`;
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(rounded(value));
}

/** Columns as wide as what stands in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  return [head, widths.map((width) => "-".repeat(width)), ...rows]
    .map((row) =>
      widths
        .map((width, at) => (row[at] ?? "").padEnd(width))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

import type { Share } from "./operation.ts";

/** `variationId` at `percent`, the others scaled to fill the rest, to three decimals, summing to exactly 100. */
export function raiseShare(
  shares: ReadonlyMap<string, number>,
  variationId: string,
  percent: number,
): Share[] {
  const others = [...shares].filter(([id, share]) => id !== variationId && share > 0);
  const total = others.reduce((sum, [, share]) => sum + share, 0);
  const rest = 100 - percent;
  const scaled = others.map(([id, share]) => ({
    variationId: id,
    percent: total === 0 ? 0 : Math.round((share / total) * rest * 1000) / 1000,
  }));
  const first = scaled[0];
  if (first !== undefined) {
    const sum = scaled.reduce((all, share) => all + share.percent, 0);
    first.percent = Math.round((first.percent + rest - sum) * 1000) / 1000;
  }
  return [{ variationId, percent }, ...scaled];
}

import { badnessOf, type Point, type SeriesQuestion } from "./compare-series.ts";
import { median, memoryOf, spreadAround } from "./robust-statistics.ts";
import { withoutRepeats } from "./without-repeats.ts";

/** Epoch milliseconds, both ends included. */
export interface Dating {
  from: number;
  to: number;
}

/** How long a rise may take; each as likely. A window of five minutes alone makes five minutes of every step. */
const risesMs = [0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15].map((minutes) => minutes * 60_000);
/** Beginnings are tried so far around the onset that was told, and so many of them at most. */
const earliestMs = 10 * 60_000;
const latestMs = 4 * 60_000;
const mostBeginnings = 90;
/** So much before those tells the noise, and so much after the onset the level that was come to. */
const calmMs = 30 * 60_000;
const afterMs = 15 * 60_000;
/** So few beginnings lie before and after, if rise and noise are as they are taken to be: too early an end acquits. */
const tails = { from: 0.05, to: 0.02 };
/** A sample further off than this many times its noise tells no more than one that far off. */
const mostDeviation = 3;
/** Neighbours of a rate over minutes are nearly the same requests, but a rise shows among them all the same. */
const mostMemory = 0.8;
/** No level is known better than by this part of the shift. */
const leastNoise = 0.02;

/** From 0 to 1 over a rise: evenly, as a step seen through a window; or slow at both ends, as a rise seen so. */
const forms: readonly ((part: number) => number)[] = [
  (part) => part,
  (part) => (part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) * (1 - part)),
];

/**
 * Between when and when a shift that was told has begun. Level, rise, level is fitted to the samples for many beginnings,
 * durations and both forms of the rise, by weighted least squares (noise before and after differ, outliers are cut);
 * beginnings are weighed by how well they explain the samples. Null where there are too few samples.
 */
export function dateOnset(
  points: readonly Point[],
  onsetAt: number,
  question: Omit<SeriesQuestion, "pivotAt">,
): Dating | null {
  const samples = withoutRepeats(points.filter(([, value]) => Number.isFinite(value))).map(
    ([at, value]) => [at, badnessOf(value, question)] as const,
  );
  const within = (from: number, to: number) =>
    samples.filter(([at]) => at >= onsetAt + from && at < onsetAt + to);
  const calm = within(-earliestMs - calmMs, -60_000).map(([, value]) => value);
  const since = within(0, afterMs).map(([, value]) => value);
  if (calm.length < 6 || since.length < 3) return null;
  const before = roughLevel(calm);
  const after = roughLevel(since.slice(-Math.max(3, Math.ceil(since.length / 2))));
  const near = within(-earliestMs - 5 * 60_000, afterMs);
  const course: Course = {
    times: Float64Array.from(near, ([at]) => at),
    values: Float64Array.from(near, ([, value]) => value),
    risen: new Float64Array(near.length),
    low: Math.max(before.noise, leastNoise * Math.abs(after.middle - before.middle), Number.MIN_VALUE),
    high: after.noise,
  };
  const residuals = calm.map((value) => value - before.middle);
  const tempered = 2 * memoryOf(residuals, before.noise, mostMemory);
  const fits = beginningsAmong(course.times, onsetAt).map((begin) => ({
    begin,
    misfits: risesMs.flatMap((riseMs) =>
      (riseMs === 0 ? forms.slice(0, 1) : forms).map((form) => misfitOf(course, begin, riseMs, form)),
    ),
  }));
  const best = Math.min(...fits.flatMap(({ misfits }) => misfits));
  const weights = fits.map(({ misfits }) =>
    misfits.reduce((sum, misfit) => sum + Math.exp((best - misfit) / tempered), 0),
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let [sum, from, to] = [0, onsetAt, onsetAt];
  for (const [index, { begin }] of fits.entries()) {
    if (sum <= tails.from * whole) from = begin;
    // It began between this sample and the next.
    if (sum <= (1 - tails.to) * whole) to = fits[index + 1]?.begin ?? begin;
    sum += weights[index] ?? 0;
  }
  return { from, to };
}

function roughLevel(values: readonly number[]): { middle: number; noise: number } {
  const middle = median(values);
  return { middle, noise: spreadAround(values.map((value) => value - middle)) };
}

function beginningsAmong(times: Float64Array, onsetAt: number): number[] {
  const near = [...times].filter((at) => at >= onsetAt - earliestMs && at <= onsetAt + latestMs);
  const every = Math.max(1, Math.ceil(near.length / mostBeginnings));
  return near.filter((_, index) => index % every === 0);
}

interface Course {
  times: Float64Array;
  values: Float64Array;
  /** Scratch space, as long as the others. */
  risen: Float64Array;
  /** Noise before and after the rise. */
  low: number;
  high: number;
}

/** Twice the negative log likelihood of the best two levels, up to a constant. */
function misfitOf(
  { times, values, risen, low, high }: Course,
  begin: number,
  riseMs: number,
  form: (part: number) => number,
): number {
  const more = Math.max(0, high - low);
  // Most samples lie before the rise or after it: a logarithm for each of them would be half of all the work.
  const [lowLog, highLog] = [Math.log(low), Math.log(low + more)];
  // Weighted least squares of value = level + size · risen. Plain loops: this runs some hundred times a series.
  let [w, s, ss, y, sy] = [0, 0, 0, 0, 0];
  for (let index = 0; index < times.length; index += 1) {
    const past = (times[index] ?? 0) - begin;
    const share = past <= 0 ? 0 : past >= riseMs ? 1 : form(past / riseMs);
    const noise = low + more * share;
    const weight = 1 / (noise * noise);
    const value = values[index] ?? 0;
    risen[index] = share;
    w += weight;
    s += weight * share;
    ss += weight * share * share;
    y += weight * value;
    sy += weight * share * value;
  }
  const determinant = w * ss - s * s;
  if (!(determinant > 0)) return Infinity;
  const size = Math.max(0, (w * sy - s * y) / determinant);
  const level = (y - size * s) / w;
  let misfit = 0;
  for (let index = 0; index < times.length; index += 1) {
    const share = risen[index] ?? 0;
    const noise = low + more * share;
    const deviation = ((values[index] ?? 0) - level - size * share) / noise;
    const noiseLog = share === 0 ? lowLog : share === 1 ? highLog : Math.log(noise);
    misfit += Math.min(deviation * deviation, mostDeviation * mostDeviation) + 2 * noiseLog;
  }
  return misfit;
}

import { html, type Html } from "../../../sandbox/slack/page/html.ts";

export interface Plot {
  /** Read out instead of the picture. */
  description: string;
  points: readonly (readonly [atMs: number, value: number])[];
  fromMs: number;
  toMs: number;
  unit: string;
  /** Above this the alert fires. */
  alarm: number;
  /** Moments to point out, numbered from 1. */
  marks: readonly number[];
}

const width = 360;
const height = 118;
const area = { left: 40, right: 352, top: 18, bottom: 98 };
/** Farther apart than this, two samples are not joined by a line. */
const gapMs = 20_000;

/** One line over time as SVG, styled by the page's style sheet alone so that it follows light and dark. */
export function plotMarkup({ description, points, fromMs, toMs, unit, alarm, marks }: Plot): Html {
  const top = ceiling(Math.max(alarm * 1.25, ...points.map(([, value]) => value)));
  const x = (at: number) => round(area.left + ((at - fromMs) / (toMs - fromMs)) * (area.right - area.left));
  const y = (value: number) => round(area.bottom - (value / top) * (area.bottom - area.top));
  const levels = [0, top / 2, top];
  const minutes = Math.round((toMs - fromMs) / 60_000);
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}">
    ${levels.map(
      (level) =>
        html`<line class="plot-grid" x1="${area.left}" x2="${area.right}" y1="${y(level)}" y2="${y(level)}" />
          <text class="plot-label" x="${area.left - 5}" y="${y(level) + 4}" text-anchor="end">
            ${Number(level.toPrecision(2))}${unit}
          </text>`,
    )}
    <line class="plot-alarm" x1="${area.left}" x2="${area.right}" y1="${y(alarm)}" y2="${y(alarm)}" />
    <path class="plot-line" d="${pathOf(points, x, y)}" />
    ${marks.map((at, index) => {
      const here = x(at);
      return html`<line
          class="plot-mark"
          x1="${here}"
          x2="${here}"
          y1="${area.top - 2}"
          y2="${area.bottom}"
        />
        <circle class="plot-badge" cx="${here}" cy="9" r="8" />
        <text class="plot-number" x="${here}" y="13" text-anchor="middle">${index + 1}</text>`;
    })}
    <text class="plot-label" x="${area.left}" y="${height - 5}">${minutes} min ago</text>
    <text class="plot-label" x="${area.right}" y="${height - 5}" text-anchor="end">now</text>
  </svg>`;
}

function pathOf(points: Plot["points"], x: (at: number) => number, y: (value: number) => number): string {
  let last = -Infinity;
  const steps = points.map(([at, value]) => {
    const step = `${at - last > gapMs ? "M" : "L"}${x(at)} ${y(value)}`;
    last = at;
    return step;
  });
  return steps.join("");
}

/** The next of 1, 2, 3, 5, 8 times a power of ten, so that the labels read well. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 3, 5, 8, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

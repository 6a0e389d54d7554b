import { figureWords } from "../../domain/evidence/evidence-words.ts";
import type { Plot, PlotMark } from "../../domain/evidence/plot.ts";
import { visibleText } from "../../domain/flag/plain-text.ts";
import { axisTicks } from "./axis-ticks.ts";

const width = 960;
const height = 420;
const area = { left: 92, right: 932, top: 142, bottom: 350 };
/** A hole in the samples this many times wider than their usual distance is not bridged by a line. */
const holeFactor = 4;

/** On a panel of its own, so that it reads the same on a light and on a dark page. Colours are told apart by dashes too. */
const paper = { panel: "#ffffff", edge: "#c9ced6", ink: "#1f2430", faint: "#5b6472", grid: "#e5e8ed" };
const strokes = [
  { colour: "#0a5fb4", dash: "" },
  { colour: "#b3470b", dash: "9 5" },
  { colour: "#0b7a5c", dash: "3 4" },
  { colour: "#8a3f9e", dash: "12 4 3 4" },
  { colour: "#5c5c5c", dash: "6 6" },
] as const;
const markStrokes: Record<PlotMark["kind"], { colour: string; dash: string }> = {
  flag_change: { colour: "#a4001d", dash: "" },
  deploy: { colour: "#6a4b00", dash: "2 3" },
  onset: { colour: "#5b6472", dash: "7 5" },
};

/** A plot as SVG, 960 × 420. Every text is escaped; nothing in it refers to anything outside. */
export function plotSvg(plot: Plot): string {
  const values = plot.series.flatMap(({ points }) => points.map(([, value]) => value));
  const ticks = axisTicks(Math.min(0, ...values), Math.max(...values));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const [from, to] = [Date.parse(plot.from), Date.parse(plot.to)];
  const x = (at: number) => round(area.left + ((at - from) / (to - from || 1)) * (area.right - area.left));
  const y = (value: number) =>
    round(area.bottom - ((value - low) / (high - low || 1)) * (area.bottom - area.top));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, sans-serif">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${paper.panel}" stroke="${paper.edge}"/>`,
    text({ x: 24, y: 36, size: 20, bold: true }, cut(plot.title, 68)),
    ...ticks.map((tick) => grid(y(tick), figureWords(tick, plot.unit))),
    ...timeLabels(from, to, x),
    ...before(plot.before, y),
    ...plot.series.map(({ points }, index) => line(points, index, x, y)),
    ...marks(plot.marks, x),
    ...legend(plot.series.map(({ name }) => name)),
    "</svg>",
  ].join("");
}

function grid(at: number, label: string): string {
  return (
    `<line x1="${area.left}" x2="${area.right}" y1="${at}" y2="${at}" stroke="${paper.grid}"/>` +
    text({ x: area.left - 10, y: at + 5, size: 14, colour: paper.faint, anchor: "end" }, label)
  );
}

function timeLabels(from: number, to: number, x: (at: number) => number): string[] {
  const steps = 5;
  return Array.from({ length: steps }, (_, step) => {
    const at = from + ((to - from) * step) / (steps - 1);
    const anchor = step === 0 ? "start" : step === steps - 1 ? "end" : "middle";
    const label = `${new Date(at).toISOString().slice(11, 16)}${step === steps - 1 ? " UTC" : ""}`;
    return text({ x: x(at), y: area.bottom + 24, size: 14, colour: paper.faint, anchor }, label);
  });
}

function before(level: number | null, y: (value: number) => number): string[] {
  if (level === null) return [];
  return [
    `<line x1="${area.left}" x2="${area.right}" y1="${y(level)}" y2="${y(level)}" stroke="${paper.faint}" stroke-dasharray="2 5"/>`,
  ];
}

function line(
  points: Plot["series"][number]["points"],
  index: number,
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const { colour, dash } = strokes[index % strokes.length] ?? strokes[0];
  const gaps = points.slice(1).map(([at], before) => at - (points[before]?.[0] ?? at));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const path = points
    .map(([at, value], step) => {
      const joined = step > 0 && (gaps[step - 1] ?? 0) <= usual * holeFactor;
      return `${joined ? "L" : "M"}${x(at)} ${y(value)}`;
    })
    .join("");
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"${dashes(dash)}/>`;
}

const rowHeight = 18;
const letterWidth = 8.6;

/** Each label stands in the lowest row above the plot in which it covers no other. */
function marks(list: readonly PlotMark[], x: (at: number) => number): string[] {
  const rows: number[] = [];
  return list.map(({ at, label, kind }) => {
    const { colour, dash } = markStrokes[kind];
    const words = cut(label, 40);
    const here = x(Date.parse(at));
    const space = words.length * letterWidth;
    const leftward = here + space > area.right;
    const [start, end] = leftward ? [here - space, here] : [here, here + space];
    const free = rows.findIndex((taken) => taken <= start);
    const row = free === -1 ? rows.length : free;
    rows[row] = end;
    const top = area.top - 8 - row * rowHeight;
    return (
      `<line x1="${here}" x2="${here}" y1="${top - 12}" y2="${area.bottom}" stroke="${colour}" stroke-width="1.6"${dashes(dash)}/>` +
      text(
        { x: leftward ? here - 5 : here + 5, y: top, size: 14, colour, anchor: leftward ? "end" : "start" },
        words,
      )
    );
  });
}

function legend(names: readonly string[]): string[] {
  const shown = names.filter((name) => name !== "");
  const step = (area.right - area.left) / Math.max(1, shown.length);
  return shown.map((name, index) => {
    const { colour, dash } = strokes[index % strokes.length] ?? strokes[0];
    const left = area.left + index * step;
    return (
      `<line x1="${left}" x2="${left + 34}" y1="${height - 27}" y2="${height - 27}" stroke="${colour}" stroke-width="3"${dashes(dash)}/>` +
      text({ x: left + 42, y: height - 22, size: 14 }, cut(name, Math.floor(step / 11)))
    );
  });
}

interface TextStyle {
  x: number;
  y: number;
  size: number;
  bold?: boolean;
  colour?: string;
  anchor?: "start" | "middle" | "end";
}

function text({ x, y, size, bold = false, colour = paper.ink, anchor = "start" }: TextStyle, words: string) {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ""}>${escaped(words)}</text>`;
}

function dashes(dash: string): string {
  return dash === "" ? "" : ` stroke-dasharray="${dash}"`;
}

function cut(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
}

/** XML has no place at all for most control characters, escaped or not. */
function escaped(words: string): string {
  return visibleText(words)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u{FFFE}\u{FFFF}]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

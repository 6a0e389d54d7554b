import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { axisTicks } from "../../../src/adapters/plot/axis-ticks.ts";
import { plotSvg } from "../../../src/adapters/plot/plot-svg.ts";
import { renderPlot } from "../../../src/adapters/plot/render-plot.ts";
import type { Plot } from "../../../src/domain/evidence/plot.ts";
import { toInstant } from "../../../src/domain/ids.ts";

const start = Date.UTC(2026, 10, 21, 3);
const minute = 60_000;

function series(name: string, level: (index: number) => number) {
  const points = Array.from({ length: 60 }, (_, index) => [start + index * minute, level(index)] as const);
  return { name, points };
}

const plot: Plot = {
  title: "Checkout error ratio",
  unit: "%",
  from: toInstant(start),
  to: toInstant(start + 59 * minute),
  series: [
    series("one_click", (index) => (index < 40 ? 0.4 : 6) + Math.sin(index) / 5),
    series("classic", (index) => 0.4 + Math.sin(index) / 6),
  ],
  marks: [
    { at: toInstant(start + 38 * minute), id: "E1", label: "E1 checkout_one_click", kind: "flag_change" },
    { at: toInstant(start + 40 * minute), id: "", label: "worse from here", kind: "onset" },
  ],
  before: 0.4,
  altText: "Line plot.",
};

describe("plot", () => {
  it("is a PNG of its size with lines, letters and marks on a panel of its own", async () => {
    const png = PNG.sync.read(Buffer.from(await renderPlot(plot)));
    expect([png.width, png.height]).toEqual([960, 420]);
    expect(pixel(png, 480, 60)).toBe("ffffff");
    const colours = new Set<string>();
    for (let x = 0; x < png.width; x += 1)
      for (let y = 0; y < png.height; y += 1) colours.add(pixel(png, x, y));
    expect([...colours]).toEqual(expect.arrayContaining(["0a5fb4", "b3470b", "a4001d"]));
    // Nothing of the letters' colour would mean that the font was not found.
    expect([...colours]).toContain("1f2430");
  });

  it("is the same picture for the same plot", async () => {
    expect(await renderPlot(plot)).toEqual(await renderPlot(plot));
  });

  it("is each one's own where several are drawn at once, and leaves its time to others", async () => {
    const plots = ["a", "b", "c", "d"].map((title) => ({ ...plot, title }));
    const alone: Uint8Array[] = [];
    for (const one of plots) alone.push(await renderPlot(one));
    let turns = 0;
    const others = setInterval(() => (turns += 1), 1);
    const together = await Promise.all(plots.map((one) => renderPlot(one)));
    clearInterval(others);
    expect(together).toEqual(alone);
    expect(new Set(together.map((png) => Buffer.from(png).toString("base64"))).size).toBe(4);
    expect(turns).toBeGreaterThan(3);
  });

  it("shows names from outside as letters and nothing else", async () => {
    const hostile = `</text><image href="http://127.0.0.1/x"/>&"'\u{0}\u{202e}\u{d800}`;
    const named = { ...plot, title: hostile, marks: plot.marks.map((mark) => ({ ...mark, label: hostile })) };
    const svg = plotSvg({ ...named, series: plot.series.map((one) => ({ ...one, name: hostile })) });
    expect(svg).not.toContain("<image");
    expect(svg).toContain("&lt;image");
    await expect(renderPlot(named)).resolves.toHaveProperty("length");
  });

  it("draws what is flat, negative, or one point", async () => {
    for (const level of [() => 0, () => 7, (index: number) => -index]) {
      const flat = { ...plot, series: [series("", level)] };
      expect((await renderPlot(flat)).length).toBeGreaterThan(1000);
    }
    const single = { ...plot, to: plot.from, series: [{ name: "", points: [[start, 1] as const] }] };
    expect((await renderPlot(single)).length).toBeGreaterThan(1000);
  });

  it("leaves a hole where samples are missing", () => {
    const whole = { ...plot, series: [series("", () => 1)] };
    const holed = whole.series.map(({ name, points }) => ({
      name,
      points: points.filter((_, index) => index < 20 || index > 35),
    }));
    expect(starts(plotSvg({ ...whole, marks: [] }))).toBe(1);
    expect(starts(plotSvg({ ...whole, marks: [], series: holed }))).toBe(2);
  });
});

describe("axisTicks", () => {
  it.each([
    [0, 1, [0, 0.25, 0.5, 0.75, 1]],
    [0, 0.0033, [0, 0.001, 0.002, 0.003, 0.004]],
    [-3, 8, [-5, 0, 5, 10]],
    [0, 0, [0, 1]],
  ])("from %d to %d", (low, high, ticks) => {
    expect(axisTicks(low, high)).toEqual(ticks);
  });
});

function starts(svg: string): number {
  return /<path d="([^"]*)"/.exec(svg)?.[1]?.match(/M/g)?.length ?? 0;
}

function pixel(png: PNG, x: number, y: number): string {
  const at = (y * png.width + x) * 4;
  return png.data.subarray(at, at + 3).toString("hex");
}

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Plot } from "../../domain/evidence/plot.ts";
import { plotSvg } from "./plot-svg.ts";

const { resolve } = createRequire(import.meta.url);

/** Loaded with the first plot: a process that never draws one does not pay for it. */
const drawing = { ready: null as Promise<Draw> | null };

type Draw = (svg: string) => Uint8Array;

/**
 * A plot as PNG, 960 × 420 pixels: the same bytes for the same plot on every machine. Rejects where the renderer or
 * its letters cannot be loaded.
 */
export async function renderPlot(plot: Plot): Promise<Uint8Array> {
  drawing.ready ??= load().catch((error: unknown) => {
    drawing.ready = null;
    throw error;
  });
  const draw = await drawing.ready;
  return draw(plotSvg(plot));
}

async function load(): Promise<Draw> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  const [wasm, ...fontBuffers] = await Promise.all(
    [
      "@resvg/resvg-wasm/index_bg.wasm",
      "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
      "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
    ].map(async (file) => readFile(resolve(file))),
  );
  if (wasm === undefined) throw new Error("plot: the renderer was not read");
  await initWasm(wasm);
  const font = { fontBuffers, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  return (svg) => {
    using stack = new DisposableStack();
    const renderer = stack.adopt(new Resvg(svg, { font }), (each) => each.free());
    const image = stack.adopt(renderer.render(), (each) => each.free());
    return image.asPng();
  };
}

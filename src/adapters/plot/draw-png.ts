// A thread of its own: drawing takes tens of milliseconds, in which nobody at the door or in Slack should have to wait.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

/** What it answers to each SVG that it is sent, in their order. */
export type Drawn = { png: Uint8Array } | { failed: string };

const { resolve } = createRequire(import.meta.url);
const [wasm, ...fontBuffers] = await Promise.all(
  [
    "@resvg/resvg-wasm/index_bg.wasm",
    "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
  ].map((file) => readFile(resolve(file))),
);
if (wasm === undefined) throw new Error("plot: the renderer was not read");
await initWasm(wasm);
const font = { fontBuffers, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };

parentPort?.on("message", (svg: string) => parentPort?.postMessage(draw(svg)));

function draw(svg: string): Drawn {
  try {
    using stack = new DisposableStack();
    const renderer = stack.adopt(new Resvg(svg, { font }), (each) => each.free());
    const image = stack.adopt(renderer.render(), (each) => each.free());
    return { png: image.asPng() };
  } catch (error) {
    return { failed: String(error) };
  }
}

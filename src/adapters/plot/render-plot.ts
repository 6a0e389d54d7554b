import { Worker } from "node:worker_threads";
import type { Plot } from "../../domain/evidence/plot.ts";
import type { Drawn } from "./draw-png.ts";
import { plotSvg } from "./plot-svg.ts";

/** A thread that has nothing to draw for so long ends, and with it go the renderer and its letters. */
const idleMs = 10_000;

const drawing = { thread: null as DrawingThread | null };

/**
 * A plot as PNG, 960 × 420 pixels: the same bytes for the same plot on every machine. Drawn in a thread that starts
 * with the first. Rejects where the renderer or its letters cannot be loaded.
 */
export async function renderPlot(plot: Plot): Promise<Uint8Array> {
  const svg = plotSvg(plot);
  drawing.thread ??= startThread((ended) => {
    if (drawing.thread === ended) drawing.thread = null;
  });
  return drawing.thread.draw(svg);
}

interface DrawingThread {
  draw(svg: string): Promise<Uint8Array>;
}

function startThread(onEnd: (thread: DrawingThread) => void): DrawingThread {
  const worker = new Worker(new URL("draw-png.ts", import.meta.url));
  const waiting: PromiseWithResolvers<Uint8Array>[] = [];
  let idle: NodeJS.Timeout | undefined;
  const end = (why: unknown): void => {
    onEnd(thread);
    for (const { reject } of waiting.splice(0)) reject(why);
  };
  worker.on("error", end);
  worker.on("exit", () => end(new Error("plot: the drawing thread ended")));
  worker.on("message", (drawn: Drawn) => {
    const asked = waiting.shift();
    if ("png" in drawn) asked?.resolve(drawn.png);
    else asked?.reject(new Error(`plot: ${drawn.failed}`));
    if (waiting.length > 0) return;
    // It keeps the process only while something is being drawn.
    worker.unref();
    idle = setTimeout(() => {
      onEnd(thread);
      void worker.terminate();
    }, idleMs).unref();
  });
  const thread: DrawingThread = {
    draw(svg) {
      clearTimeout(idle);
      worker.ref();
      const drawn = Promise.withResolvers<Uint8Array>();
      waiting.push(drawn);
      worker.postMessage(svg);
      return drawn.promise;
    },
  };
  return thread;
}

import { performance, PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** V8 has it grow by doubling: 16.8 MB. Of much less, new objects would outlive it and count as old ones. */
const youngBytes = 16_000_000;
/** Of some 200 KB each: twice of what it takes. On a small machine the space stays smaller, whatever is kept alive. */
const mostPieces = 200;

/**
 * Left alone, V8 lets the space for new objects grow to 134 MB, and to half of that by loading code alone. How far it
 * may grow is settled before a program runs; how fast, at any time. So it is grown, and then not any more.
 */
export function holdYoungSpace(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
  const alive: unknown[] = [];
  while (youngSpace() < youngBytes && alive.length < mostPieces) {
    alive.push(Array.from({ length: 5_000 }, (_, index) => ({ index })));
  }
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** V8 lets it shrink where little happens: then it may grow again, as far as before. */
function mindYoungSpace(): Disposable {
  const observer = new PerformanceObserver(() => {
    setFlagsFromString(`--semi-space-growth-factor=${youngSpace() < youngBytes ? 2 : 1}`);
  });
  observer.observe({ entryTypes: ["gc"] });
  return { [Symbol.dispose]: () => observer.disconnect() };
}

/**
 * Left alone, V8 lets its heap grow to several times of what is alive before it collects: a storm would hold half a
 * gigabyte of a machine that has other things to run.
 */
export function holdHeapTight(): void {
  setFlagsFromString("--heap-growing-percent=30");
}

function youngSpace(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return young?.space_size ?? youngBytes;
}

const everyMs = 5_000;
/** Share of the time in which there was something to do. */
const atRest = 0.1;
const worthwhileBytes = 32_000_000;

/**
 * V8 keeps what it took in a start or a storm until it needs to collect, which at rest is never. So a process that had
 * next to nothing to do for a while, and holds more than when it last did this, collects once, which takes it a tenth
 * of a second, and gives back to the machine what is free.
 */
export function releaseMemoryAtRest(intervalMs = everyMs): Disposable {
  const minded = mindYoungSpace();
  setFlagsFromString("--expose-gc");
  const collect: NodeJS.GCFunction = runInNewContext("gc");
  let before = performance.eventLoopUtilization();
  let kept = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > atRest || heapSize() - kept < worthwhileBytes) return;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
    kept = heapSize();
  }, intervalMs);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      minded[Symbol.dispose]();
    },
  };
}

const heapSize = (): number => getHeapStatistics().total_heap_size;

import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const patienceMs = 30_000;

/** Starts something and gives the milliseconds until it takes connections at `port`, with what `start` gave. */
export async function timeToListen<T>(
  port: number,
  start: () => Promise<T>,
): Promise<{ ms: number; started: T }> {
  const from = performance.now();
  const started = start();
  // Its failure is told when it is waited for.
  started.catch(() => undefined);
  const listening = (async () => {
    while (!(await isListening(port))) {
      if (performance.now() - from > patienceMs)
        throw new Error(`nobody listens at ${port} after ${patienceMs} ms`);
      await delay(5);
    }
    return performance.now() - from;
  })();
  const [ms, running] = await Promise.all([listening, started]);
  return { ms, started: running };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { OpsError } from "../domain/ops-error.ts";
import type { Log } from "../pipeline/ports/log.ts";

export interface Reached extends AsyncDisposable {
  /** Why Signalman cannot do all of its work, for anybody to read; empty once the other side has been reached. */
  missing: () => readonly string[];
}

const againMs = 5000;

/**
 * Joins an outside system, at once or as soon as it can be reached: until then Signalman does what it can without. What
 * is built goes onto the stack that `join` is given. Throws what no waiting mends, such as a refused token.
 */
export async function reachOutside(
  system: string,
  join: (stack: AsyncDisposableStack) => Promise<void>,
  log: Log,
): Promise<Reached> {
  const leaving = new AbortController();
  const joined = new AsyncDisposableStack();
  let why: unknown = null;

  async function attempt(): Promise<void> {
    await using stack = new AsyncDisposableStack();
    await join(stack);
    if (why !== null) log.info({ intent: `join ${system}` }, `${system} is joined now`);
    why = null;
    joined.use(stack.move());
  }
  function missed(error: unknown): void {
    why = error;
    const errorClass = error instanceof OpsError ? error.code : "bug";
    const words = error instanceof Error ? error.message : String(error);
    log.error(
      { intent: `join ${system}`, errorClass, err: error },
      `${system} is not joined; trying again: ${words}`,
    );
  }
  async function keepTrying(): Promise<void> {
    while (why !== null && !leaving.signal.aborted) {
      await sleep(againMs, undefined, { signal: leaving.signal }).catch(() => undefined);
      if (!leaving.signal.aborted) await attempt().catch(missed);
    }
  }

  await attempt().catch((error: unknown) => {
    if (!isAway(error)) throw error;
    missed(error);
  });
  const trying = keepTrying();
  return {
    // That it is away, not at which address: the log says that.
    missing: () => {
      if (why === null) return [];
      return [
        isAway(why) ? `${system} has not been joined` : `${system} does not let Signalman in: see the log`,
      ];
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await trying;
      await joined.disposeAsync();
    },
  };
}

function isAway(error: unknown): boolean {
  return error instanceof OpsError && error.retryable;
}

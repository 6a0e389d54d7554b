import { setTimeout as sleep } from "node:timers/promises";
import { OpsError } from "../domain/ops-error.ts";
import type { Log } from "../pipeline/ports/log.ts";

export interface SlackFront extends AsyncDisposable {
  /** Why people cannot be reached; empty once Slack has been joined. */
  missing: () => readonly string[];
}

const againMs = 5000;

/**
 * Joins Slack, at once or as soon as it can be reached: until then alerts are taken in and worked on, and cards wait.
 * What is built goes onto the stack that `join` is given. Throws what no waiting mends, such as a refused token.
 */
export async function joinSlack(
  join: (stack: AsyncDisposableStack) => Promise<void>,
  log: Log,
): Promise<SlackFront> {
  const leaving = new AbortController();
  const joined = new AsyncDisposableStack();
  let why: string | null = null;

  async function attempt(): Promise<void> {
    await using stack = new AsyncDisposableStack();
    await join(stack);
    why = null;
    joined.use(stack.move());
  }
  function missed(error: unknown): void {
    why = error instanceof Error ? error.message : String(error);
    const errorClass = error instanceof OpsError ? error.code : "bug";
    log.error({ intent: "join Slack", errorClass, err: error }, `Slack is not joined; trying again: ${why}`);
  }
  async function keepTrying(): Promise<void> {
    while (why !== null && !leaving.signal.aborted) {
      await sleep(againMs, undefined, { signal: leaving.signal }).catch(() => undefined);
      if (!leaving.signal.aborted) await attempt().catch(missed);
    }
  }

  await attempt().catch((error: unknown) => {
    if (!(error instanceof OpsError && error.retryable)) throw error;
    missed(error);
  });
  const trying = keepTrying();
  return {
    // Anybody may read it: that Slack is away, not at which address.
    missing: () => (why === null ? [] : ["Slack has not been joined"]),
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await trying;
      await joined.disposeAsync();
    },
  };
}

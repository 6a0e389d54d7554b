/**
 * Runs `work` now and then every `everyMs`, never twice at once: a run that takes longer leaves out the next. A
 * failure is told and the next run comes all the same. Disposing waits for the run under way.
 */
export function repeat(
  work: () => Promise<void>,
  everyMs: number,
  failed: (error: unknown) => void,
): AsyncDisposable {
  let running: Promise<void> | null = null;
  const run = () => {
    running ??= work()
      .catch(failed)
      .finally(() => (running = null));
  };
  run();
  const timer = setInterval(run, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

/** How long reading deliveries may keep this process from everything else, in milliseconds. */
const turnMs = 2;

/**
 * Asked before each piece of work: lets what waits in this process have its turn once `turnMs` have passed. Where one process is
 * door and worker, a batch that is read in one go would keep senders waiting for as long as it takes.
 */
export function createGiveWay(): () => Promise<void> | undefined {
  let since: number | null = null;
  return () => {
    // Before its first piece nobody has waited for this batch yet.
    since ??= performance.now();
    if (performance.now() - since < turnMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}

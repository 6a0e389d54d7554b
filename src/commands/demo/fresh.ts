/**
 * What `read` gave last, asked again once it is older than `maxAgeMs`; one question at a time. Several open pages
 * then cost as much as one. A failed reading is not kept.
 */
export function fresh<T>(maxAgeMs: number, read: () => Promise<T>): () => Promise<T> {
  let readAt = -Infinity;
  let last: Promise<T> | null = null;
  return () => {
    if (last !== null && performance.now() - readAt < maxAgeMs) return last;
    readAt = performance.now();
    const reading = read();
    reading.catch(() => {
      if (last === reading) last = null;
    });
    last = reading;
    return reading;
  };
}

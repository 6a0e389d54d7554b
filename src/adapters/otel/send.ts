/** Where a signal goes, by OTLP over HTTP with JSON. */
export interface Sending {
  url: string;
  headers: Record<string, string>;
}

/** What is not sent by then is lost: a collector that is away must not hold up the end. */
const partingMs = 1500;

/** Sends what is left and ends, soon. */
export async function part(shutdown: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, partingMs);
  });
  await Promise.race([shutdown().catch(() => undefined), late]);
  clearTimeout(timer);
}

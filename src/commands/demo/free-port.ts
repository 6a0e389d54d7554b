import { once } from "node:events";
import { createServer } from "node:net";
import { OpsError } from "../../domain/ops-error.ts";

const portsTried = 50;

/**
 * A port of 127.0.0.1 that nobody listens on: the wanted one, else the first of fifty, else (0) any.
 * Throws `OpsError` (`misconfigured`) when the wanted one is taken.
 */
export async function freePort(wanted: number | null, firstPort: number): Promise<number> {
  if (wanted !== null) {
    if (await isFree(wanted)) return wanted;
    throw new OpsError(
      "misconfigured",
      `Port ${wanted} is taken or not allowed; choose another with --port, or leave it out.`,
    );
  }
  for (let port = firstPort; port < firstPort + portsTried; port += 1) {
    if (await isFree(port)) return port;
  }
  return 0;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  try {
    await listening;
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

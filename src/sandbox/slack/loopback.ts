import type { Server } from "node:http";

/** Listens on 127.0.0.1 (port 0: any free one) and answers the port. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("an HTTP server without a port");
  return address.port;
}

/** Ends all connections, also those that hang or stream, and stops listening. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

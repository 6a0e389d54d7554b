import { once } from "node:events";
import { connect, createServer } from "node:net";

export interface LateGate extends AsyncDisposable {
  /** The address, where nobody listens until `open`. */
  url: string;
  /** From now on connections are passed on to the real address. */
  open: () => Promise<void>;
}

/** Stands for a server that is not there at the start: its connections are refused, and later passed on to `real`. */
export async function createLateGate(real: string): Promise<LateGate> {
  const target = new URL(real);
  const sockets = new Set<{ destroy: () => void }>();
  const gate = createServer((from) => {
    const to = connect(Number(target.port), target.hostname);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        from.destroy();
        to.destroy();
      });
    }
    from.pipe(to).pipe(from);
  });
  const listen = async (port: number) => {
    await once(gate.listen(port, "127.0.0.1"), "listening");
    const address = gate.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    return address.port;
  };
  const port = await listen(0);
  await new Promise((resolve) => gate.close(resolve));
  const url = new URL(real);
  url.port = String(port);
  return {
    url: url.href.replace(/\/$/, ""),
    open: async () => void (await listen(port)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (gate.listening) await new Promise((resolve) => gate.close(resolve));
    },
  };
}

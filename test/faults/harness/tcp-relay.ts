import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import type { ArmedFaults, Fault } from "./armed-faults.ts";

/**
 * A server that passes connections on byte by byte, but for what `faults` does to what a client sends. `what` names
 * the protocol: one whose clients speak first, so that a fault meets new connections as well.
 */
export function createTcpRelay(target: NetConnectOpts, faults: ArmedFaults, what: string): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (from) => {
    const to = connect({ ...target, allowHalfOpen: true });
    relay(from, to, (bytes) => faults.take("", bytes.toString("latin1"), what));
  });
}

type State = "passing" | "silent" | "cut after the answer" | "deaf to the answer" | "half the answer";

function relay(from: Socket, to: Socket, faultFor: (bytes: Buffer) => Fault | null): void {
  let state: State = "passing";
  /** What is slow keeps its order. */
  let earlier: Promise<unknown> = Promise.resolve();
  const cut = () => {
    from.resetAndDestroy();
    to.destroy();
  };

  from.on("data", (bytes) => {
    if (state === "silent") return;
    const fault = faultFor(bytes);
    switch (fault?.kind) {
      case undefined:
        break;
      case "hang":
        state = fault.after === true ? "deaf to the answer" : "silent";
        break;
      case "reset":
        if (fault.after !== true) return cut();
        state = "cut after the answer";
        break;
      case "truncate":
        state = "half the answer";
        break;
      case "half_close":
        from.end();
        break;
      case "slow":
        earlier = earlier.then(() => new Promise((resolve) => setTimeout(resolve, fault.ms)));
        break;
      case "answer":
        throw new Error("only HTTP has answers of its own");
    }
    if (state === "silent") return;
    void earlier.then(() => to.writable && to.write(bytes));
  });

  to.on("data", (bytes) => {
    switch (state) {
      case "passing":
        if (from.writable) from.write(bytes);
        break;
      case "cut after the answer":
        cut();
        break;
      case "half the answer":
        state = "silent";
        from.write(bytes.subarray(0, bytes.length >> 1), () => from.end());
        break;
      case "silent":
      case "deaf to the answer":
        break;
    }
  });

  from.on("end", () => void earlier.then(() => to.end()));
  to.on("end", () => state === "passing" && from.end());
  for (const socket of [from, to]) {
    socket.on("error", () => undefined);
    socket.on("close", () => {
      // What hangs is left hanging: the client must notice by itself.
      if (socket === from || state === "passing") {
        from.destroy();
        to.destroy();
      }
    });
  }
}

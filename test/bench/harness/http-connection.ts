import { connect, type Socket } from "node:net";

/** One keep-alive connection that carries one request at a time. */
export interface HttpConnection {
  /** `answered` gets the status; 0 where the connection broke or what came back is not understood. */
  send(request: string, answered: (status: number) => void): void;
  close(): void;
}

/** By hand over `node:net`: a client of the usual weight would take from the machine what is to be measured. */
export function createHttpConnection({ hostname, port }: URL): HttpConnection {
  let socket: Socket | null = null;
  let answered: ((status: number) => void) | null = null;
  let received = "";

  function settle(status: number): void {
    const tell = answered;
    answered = null;
    received = "";
    tell?.(status);
  }

  function opened(): Socket {
    if (socket !== null) return socket;
    const fresh = connect(Number(port), hostname);
    fresh.setNoDelay(true).setEncoding("latin1");
    fresh.on("data", (chunk) => {
      received += String(chunk);
      const length = lengthOf(received);
      if (length === "unreadable") fresh.destroy();
      else if (length !== "unfinished" && received.length >= length) settle(Number(received.slice(9, 12)));
    });
    fresh.on("error", () => undefined);
    fresh.on("close", () => {
      if (socket === fresh) socket = null;
      settle(0);
    });
    socket = fresh;
    return fresh;
  }

  return {
    send(request, tell) {
      answered = tell;
      opened().write(request, "latin1");
    },
    close: () => socket?.destroy(),
  };
}

/** Of the whole answer, head included. */
function lengthOf(received: string): number | "unfinished" | "unreadable" {
  const head = received.indexOf("\r\n\r\n");
  if (head === -1) return "unfinished";
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, head))?.[1];
  return length === undefined ? "unreadable" : head + 4 + Number(length);
}

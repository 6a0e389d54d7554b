import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What may go wrong with one request: an answer of its own, no answer, a late answer, a cut connection. */
export type HttpFault =
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string> }
  | { kind: "hang" }
  | { kind: "delay"; delayMs: number }
  | { kind: "drop" };

export type FaultScope = {
  /** How many matching requests it hits; default 1, `Infinity` until cleared. */
  times?: number;
  /** Only paths that contain this text; default every path. */
  path?: string;
};

/** Faults that a test or the demo arms on a stand-in; they work on real sockets, so clients see the real thing. */
export function createHttpFaults() {
  let armed: { fault: HttpFault; left: number; path: string }[] = [];
  return {
    arm(fault: HttpFault, { times = 1, path = "" }: FaultScope = {}): void {
      armed.push({ fault, left: times, path });
    },
    clear(): void {
      armed = [];
    },
    /** True when the fault has dealt with the request; `body` renders an answer for a status without its own body. */
    async meet(path: string, response: ServerResponse, body: (status: number) => string): Promise<boolean> {
      const hit = armed.find((entry) => path.includes(entry.path));
      if (hit === undefined) return false;
      hit.left -= 1;
      if (hit.left <= 0) armed = armed.filter((entry) => entry !== hit);
      return spoil(hit.fault, response, body);
    },
  };
}

/** True when nothing more is to be answered. */
export async function spoil(
  fault: HttpFault,
  response: ServerResponse,
  body: (status: number) => string | undefined,
): Promise<boolean> {
  switch (fault.kind) {
    case "delay":
      await sleep(fault.delayMs);
      return false;
    case "hang":
      return true;
    case "drop":
      response.socket?.destroy();
      return true;
    case "status":
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(fault.body ?? body(fault.status));
      return true;
  }
}
export type HttpFaults = ReturnType<typeof createHttpFaults>;

import type { IncomingMessage } from "node:http";

export type BodyRead =
  | { kind: "read"; bytes: Buffer }
  | { kind: "too_large" }
  /** The sender went away, or was cut for being slow: nobody waits for an answer. */
  | { kind: "gone" };

/** Reads a request's body, holding never more than `maxBytes` and one chunk of it. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (outcome: BodyRead): void => {
      request.off("data", take).off("end", finish).off("error", leave).off("close", leave);
      resolve(outcome);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        settle({ kind: "too_large" });
        return;
      }
      chunks.push(chunk);
    };
    const finish = (): void => {
      const [only] = chunks;
      settle({ kind: "read", bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks, size) });
    };
    const leave = (): void => settle({ kind: "gone" });
    request.on("data", take).on("end", finish).on("error", leave).on("close", leave);
  });
}

import type { IncomingMessage } from "node:http";
import type { Problem } from "../problem.ts";

/** What a request's head says about who sent it. */
export type Look =
  | { kind: "refused"; problem: Problem }
  /** The head alone proves it. */
  | { kind: "proven" }
  /** The body decides: null when it is the source's, otherwise what is wrong. */
  | { kind: "signed"; judge: (body: Uint8Array) => Problem | null | Promise<Problem | null> };

/** What a request must show to pass as one source. Pure but for its clock; holds no readable secret. */
export type Lock = (request: IncomingMessage) => Look;

export const proven: Look = { kind: "proven" };

export function refused(problem: Problem): Look {
  return { kind: "refused", problem };
}

/** How far a signed time may lie from now, both ways, in milliseconds. */
export const replayWindowMs = 300_000;

/** True for whole seconds since 1970, digits only, of now. A form that a parser forgives is none. */
export function isOfNow(seconds: string, nowMs: number): boolean {
  return /^[0-9]{1,12}$/.test(seconds) && Math.abs(Number(seconds) * 1000 - nowMs) <= replayWindowMs;
}

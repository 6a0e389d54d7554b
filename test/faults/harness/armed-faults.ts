/**
 * What is done to a request (HTTP) or to what a client sends (any other protocol). `after`: it is passed on and has
 * its effect, and only the answer is lost, so that the client cannot know.
 */
export type Fault =
  /** Nothing is heard any more. */
  | { kind: "hang"; after?: boolean }
  /** The connection is reset. */
  | { kind: "reset"; after?: boolean }
  /** The other side ends its half of the connection without an answer. */
  | { kind: "half_close" }
  /** An answer of the proxy's own, in place of the effect. HTTP only. */
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: string }
  /** It has its effect, and half of the answer comes. */
  | { kind: "truncate" }
  /** Later. */
  | { kind: "slow"; ms: number };

export interface Aim {
  /** Only requests with this method. HTTP only. */
  method?: string;
  /** Only where this is found in path and query, or in the bytes that the client sends. */
  match?: RegExp;
  /** How many of them are hit; 1 unless told, `Infinity` until taken away. */
  times?: number;
}

/** A fault as it struck. */
export interface Struck {
  /** Epoch ms. */
  at: number;
  kind: Fault["kind"] | "refuse";
  after: boolean;
  /** The request, or the protocol. */
  what: string;
}

/** The faults that wait, and those that have struck. */
export function createArmedFaults() {
  let waiting: { fault: Fault; aim: Aim; left: number }[] = [];
  const struck: Struck[] = [];
  const strike = (kind: Struck["kind"], what: string, after = false): void => {
    struck.push({ at: Date.now(), kind, after, what });
  };
  return {
    struck,
    strike,
    /** @returns takes it away again. */
    arm(fault: Fault, aim: Aim = {}): () => void {
      const entry = { fault, aim, left: aim.times ?? 1 };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    clear(): void {
      waiting = [];
    },
    take(method: string, text: string, what: string): Fault | null {
      const hit = waiting.find(
        ({ aim }) => (aim.method ?? method) === method && (aim.match?.test(text) ?? true),
      );
      if (hit === undefined) return null;
      hit.left -= 1;
      if (hit.left <= 0) waiting = waiting.filter((other) => other !== hit);
      const { fault } = hit;
      strike(fault.kind, what, "after" in fault && fault.after);
      return fault;
    },
  };
}

export type ArmedFaults = ReturnType<typeof createArmedFaults>;

import type { HttpFault } from "../http-faults.ts";

/** What to spoil and how. Faults are set on the object in a test, never over HTTP. */
export type Fault = {
  server?: "api" | "evaluation";
  method?: string;
  /** Matched against path and query. */
  path?: string | RegExp;
  /** How many matching requests are spoilt; 1 unless told. */
  times?: number;
  /** Whether the request has its effect first. */
  when?: "before" | "after";
  does: HttpFault;
};

export type Faults = {
  /** @returns takes the fault away again. */
  add(fault: Fault): () => void;
  take(server: "api" | "evaluation", method: string, target: string): Fault | undefined;
  clear(): void;
};

export function createFaults(): Faults {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? 1 };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    take(server, method, target) {
      const entry = waiting.find(({ fault }) => matches(fault, server, method, target));
      if (!entry) return undefined;
      entry.left -= 1;
      if (entry.left <= 0) waiting = waiting.filter((other) => other !== entry);
      return entry.fault;
    },
    clear() {
      waiting = [];
    },
  };
}

function matches(fault: Fault, server: string, method: string, target: string): boolean {
  if (fault.server !== undefined && fault.server !== server) return false;
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (fault.path === undefined) return true;
  return typeof fault.path === "string" ? target.includes(fault.path) : fault.path.test(target);
}

/**
 * What goes wrong at the next calls of a method. `error`, `status`, `rate_limited` and `drop` happen instead of the
 * effect; `drop_after_effect` does the work and then cuts the connection, so that the caller cannot know.
 */
export type Fault =
  | { readonly kind: "error"; readonly error: string }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "rate_limited"; readonly retryAfterS: number }
  | { readonly kind: "hang" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "drop" }
  | { readonly kind: "drop_after_effect" };

export function createFaults() {
  let planned: { readonly method: string; readonly fault: Fault; left: number }[] = [];
  return {
    /** Plans `fault` for the next `times` calls of `method` (`"*"`: of any method). */
    next(method: string, fault: Fault, times = 1): void {
      planned.push({ method, fault, left: times });
    },
    clear(): void {
      planned = [];
    },
    take(method: string): Fault | undefined {
      const plan = planned.find((each) => each.left > 0 && (each.method === method || each.method === "*"));
      if (plan === undefined) return undefined;
      plan.left -= 1;
      return plan.fault;
    },
  };
}

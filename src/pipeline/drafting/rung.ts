import {
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  isBrokenCircuitError,
  isTaskCancelledError,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import type { ModelPrices } from "../../domain/model-budget.ts";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";
import type { DraftRequest, ModelDrafter, Opinion } from "../ports/drafter.ts";

/** One model of the ladder, as the settings describe it. */
export interface LadderRoute {
  name: string;
  drafter: ModelDrafter;
  /** For everything together, retries and repair included. */
  timeoutMs: number;
  /** Further tries after one that failed in passing. */
  retries: number;
  prices: ModelPrices | null;
}

export interface Rung extends Omit<LadderRoute, "drafter" | "timeoutMs" | "retries"> {
  model: string;
  /** Throws `OpsError` where this route gives nothing, now or for a while. */
  climb(request: Omit<DraftRequest, "signal">): Promise<Opinion>;
}

export interface RungTiming {
  /** Drafts in a row that must fail before the route is left alone … */
  breakAfter: number;
  /** … for this long; then one draft tries it again. */
  openMs: number;
  /** A server that asks for a longer wait than this is not waited for: the next rung is asked. */
  patienceMs: number;
  /** How long a route rests after a 429 that names no time. */
  restMs: number;
  /** A monotonic clock. */
  now: () => number;
}

export const rungTiming: RungTiming = {
  breakAfter: 3,
  openMs: 30_000,
  patienceMs: 2_000,
  restMs: 15_000,
  now: () => performance.now(),
};

const longestRestMs = 15 * 60_000;

/** A server that is overrun, refuses a text or answers nonsense is up: that says nothing of the next draft. */
const harmless: ReadonlySet<OpsErrorCode> = new Set(["rate_limited", "rejected", "bad_answer", "conflict"]);
const passing: ReadonlySet<OpsErrorCode> = new Set(["unreachable", "server_error"]);

/** Holds one route's health in this process: its circuit breaker, and until when a 429 asked it to be left alone. */
export function createRung(route: LadderRoute, timing: RungTiming = rungTiming): Rung {
  const { name, drafter, timeoutMs, retries, prices } = route;
  let restUntil = -Infinity;

  const breaker = circuitBreaker(handleWhen(saysDown), {
    breaker: new ConsecutiveBreaker(timing.breakAfter),
    halfOpenAfter: timing.openMs,
  });
  const tries = retry(
    handleWhen((error) => worthAnotherTry(error, timing)),
    {
      maxAttempts: retries,
      backoff: new DelegateBackoff(({ attempt, result }) => {
        const asked =
          "error" in result && result.error instanceof OpsError ? result.error.retryAfterMs : null;
        return asked ?? Math.min(timing.patienceMs, 250 * 2 ** attempt);
      }),
    },
  );
  const policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive), tries);

  return {
    name,
    model: drafter.model,
    prices,
    async climb(request) {
      const restsMs = restUntil - timing.now();
      if (restsMs > 0) {
        const seconds = Math.ceil(restsMs / 1000);
        throw new OpsError(
          "rate_limited",
          `The model's server asked to be left alone (429) for another ${seconds} s.`,
        );
      }
      try {
        return await policy.execute(({ signal }) => drafter.draft({ ...request, signal }));
      } catch (error) {
        if (isTaskCancelledError(error)) {
          throw new OpsError("timeout", `The model did not answer within ${timeoutMs} ms.`, { cause: error });
        }
        if (isBrokenCircuitError(error)) {
          const words = `The model failed ${timing.breakAfter} times in a row and is left alone for up to ${Math.ceil(timing.openMs / 1000)} s.`;
          throw new OpsError("unreachable", words, { cause: error });
        }
        // A spent budget is no word of the server's, and not retryable.
        if (error instanceof OpsError && error.code === "rate_limited" && error.retryable) {
          restUntil = timing.now() + Math.min(error.retryAfterMs ?? timing.restMs, longestRestMs);
        }
        throw error;
      }
    },
  };
}

function saysDown(error: unknown): boolean {
  return isTaskCancelledError(error) || (error instanceof OpsError && !harmless.has(error.code));
}

function worthAnotherTry(error: unknown, { patienceMs }: RungTiming): boolean {
  if (!(error instanceof OpsError)) return false;
  if (error.code !== "rate_limited") return passing.has(error.code);
  return error.retryable && error.retryAfterMs !== undefined && error.retryAfterMs <= patienceMs;
}

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
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { ModelPrices } from "../../domain/model-budget.ts";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";
import type { DraftRequest, Meter, ModelDrafter, Opinion } from "../ports/drafter.ts";
import type { Investigation } from "./investigation.ts";

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

/** How the model may look around before it concludes. */
export interface LookAround {
  investigation: Investigation;
  instructions: string;
  meter: Meter;
}

export type ClimbRequest = Omit<DraftRequest, "signal"> & { lookAround?: LookAround };

export interface Rung extends Omit<LadderRoute, "drafter" | "timeoutMs" | "retries"> {
  model: string;
  /** Throws `OpsError` where this route gives nothing, now or for a while. */
  climb(request: ClimbRequest): Promise<Opinion>;
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
    async climb({ lookAround, ...request }) {
      let looked = false;
      const draft = async (signal: AbortSignal): Promise<Opinion> => {
        if (lookAround === undefined) return drafter.draft({ ...request, signal });
        // Once a climb: a retry asks for the conclusion only.
        if (!looked) {
          looked = true;
          await look(drafter, { ...request, signal }, lookAround, timeoutMs / 2);
        }
        const { investigation } = lookAround;
        const evidence = investigation.evidence();
        const brief = { ...request.brief, evidence, investigated: investigation.told() };
        return drafter.draft({ ...request, brief, signal });
      };
      const restsMs = restUntil - timing.now();
      if (restsMs > 0) {
        const seconds = Math.ceil(restsMs / 1000);
        throw new OpsError(
          "rate_limited",
          `The model's server asked to be left alone (429) for another ${seconds} s.`,
        );
      }
      try {
        return await policy.execute(({ signal }) => draft(signal));
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

/** Lets the model look around for at most half of its time. Where that fails it concludes from what there is. */
async function look(
  drafter: ModelDrafter,
  request: DraftRequest,
  { investigation, instructions, meter }: LookAround,
  withinMs: number,
): Promise<void> {
  if (drafter.investigate === undefined || investigation.isOver()) return;
  const late = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([request.signal, late]);
  try {
    const { tools } = investigation;
    await withinSignal(
      drafter.investigate({
        ...request,
        instructions,
        meter,
        signal,
        tools,
        nextRound: () => investigation.nextRound(),
        call: (tool, argumentsText) => investigation.call(tool, argumentsText, signal),
      }),
      signal,
    );
    investigation.end("The model wanted to see no more.");
  } catch (error) {
    // The time of the whole climb is over; whoever waits for it says so.
    if (request.signal.aborted) throw error;
    if (late.aborted) investigation.end(`The time for it, ${withinMs} ms, is over.`);
    else if (error instanceof OpsError) investigation.fail(outsideText(error.message, 300));
    else throw error;
  }
}

/** Rejects as soon as the signal is given, whatever the work does about it. */
async function withinSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new Error("aborted", { cause: signal.reason }));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => undefined);
  }
}

function saysDown(error: unknown): boolean {
  return isTaskCancelledError(error) || (error instanceof OpsError && !harmless.has(error.code));
}

function worthAnotherTry(error: unknown, { patienceMs }: RungTiming): boolean {
  if (!(error instanceof OpsError)) return false;
  if (error.code !== "rate_limited") return passing.has(error.code);
  return error.retryable && error.retryAfterMs !== undefined && error.retryAfterMs <= patienceMs;
}

import type { World } from "../../../src/sandbox/world/create-world.ts";
import { mishaps } from "../../../src/sandbox/world/flags.ts";

const stepMs = 2_000;
const requestsPerStep = 400;

/**
 * The checkout's errors as a monitoring system would have them: well for an hour, bad since the flag was turned on, and
 * bad for as long as a campaign lasts, whatever becomes of the flag. So every alert finds the same evidence, and no
 * simulated service takes processor time from what is tried.
 */
export function plantMetrics({ prometheus }: World, hoursAhead = 2): void {
  const now = Date.now();
  const turnedOnAt = now - mishaps.checkout.minutesAgo * 60_000;
  const counts = { good: 0, bad: 0 };
  const end = now + hoursAhead * 3_600_000;
  for (let at = now - 3_600_000, step = 0; at < end; at += stepMs, step += 1) {
    const share = at < turnedOnAt + 10_000 ? 0.004 : 0.09;
    // A little noise: what never moves is no metric.
    const failed = requestsPerStep * share * (1 + 0.05 * Math.sin(step));
    counts.bad += failed;
    counts.good += requestsPerStep - failed;
    prometheus.store.append("checkout_requests_total", { service: "checkout", code: "200" }, counts.good, at);
    prometheus.store.append("checkout_requests_total", { service: "checkout", code: "500" }, counts.bad, at);
  }
}

import type { MetricSink } from "../prometheus/series-store.ts";
import { createFlagEvaluator, type FlagConnection } from "./flag-evaluator.ts";
import { createMetricRecorder } from "./metric-recorder.ts";
import { demoWindow, ratioQuery, type ServiceQuery } from "./service-query.ts";
import { createSimulatedService, type ServicePace, type SimulatedService } from "./simulated-service.ts";

export const checkoutFlag = { key: "checkout_one_click", off: "false", on: "true" } as const;

const service = "checkout";
const errorRatio = { off: 0.004, on: 0.09 };

/**
 * A checkout that fails 9 % of its requests (code 500) for users who get the boolean flag `checkout_one_click`, and
 * 0.4 % for the others. In `history`, `before` is the text `"false"` or `"true"`.
 *
 * Metrics: `checkout_requests_total{service="checkout",code}`.
 */
export async function createCheckout(
  options: FlagConnection & ServicePace & { store: MetricSink },
): Promise<SimulatedService> {
  const flags = await createFlagEvaluator(options);
  const metrics = createMetricRecorder(options.store, []);
  for (const code of ["200", "500"]) metrics.add("checkout_requests_total", { service, code }, 0);
  return createSimulatedService(
    flags,
    {
      evaluate: async (flags, { sdkUser }) =>
        String(await flags.booleanValue(checkoutFlag.key, sdkUser, false)),
      serve({ variation, weight, draws }) {
        const ratio = variation === checkoutFlag.on ? errorRatio.on : errorRatio.off;
        const code = draws.happens(`error ${variation}`, ratio) ? "500" : "200";
        metrics.add("checkout_requests_total", { service, code }, weight);
      },
      publish: (at) => metrics.publish(at),
    },
    options,
  );
}

/** For the service catalogue: error ratio about 0.004, about 0.09 with the flag on for everyone. */
export function checkoutQueries(window = demoWindow): ServiceQuery[] {
  const failed = `checkout_requests_total{service="${service}",code=~"5.."}`;
  return [ratioQuery("error ratio", failed, `checkout_requests_total{service="${service}"}`, window)];
}

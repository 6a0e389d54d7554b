import type { Assessment } from "../../domain/assessment.ts";
import { type Evidence, judgedEvidence } from "../../domain/evidence/evidence.ts";
import { type Plot, plotOf } from "../../domain/evidence/plot.ts";
import { worstMetric } from "../drafting/order-suspects.ts";

/** The plot people see: of the metric that is to get better again, else of the one that got worse most. */
export function choosePlot(gathered: Evidence, assessment: Assessment | null): Plot | null {
  const evidence = judgedEvidence(gathered);
  const expected = assessment?.expected?.queryId;
  const ids = [expected, worstMetric(evidence)?.queryId].filter((id) => id !== undefined);
  for (const id of ids) {
    const plot = plotOf(evidence, id);
    if (plot !== null) return plot;
  }
  return null;
}

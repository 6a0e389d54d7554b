import { judgeCards } from "./judge-cards.ts";
import { judgeDeliveries, type Numbers } from "./judge-deliveries.ts";
import { judgeLedger } from "./judge-ledger.ts";
import { judgeRest } from "./judge-rest.ts";
import { judgeSinks } from "./judge-sinks.ts";
import { judgeUncertain, type Uncertain } from "./judge-uncertain.ts";
import { judgeWrites } from "./judge-writes.ts";
import type { Finding, Records } from "./records.ts";

export interface Verdict {
  numbers: Numbers;
  uncertain: Uncertain;
  findings: Finding[];
}

/** The invariants I1 to I10 of four records that do not know of one another. */
export function judge(records: Records): Verdict {
  const deliveries = judgeDeliveries(records);
  const uncertain = judgeUncertain(records);
  return {
    numbers: deliveries.numbers,
    uncertain: uncertain.counts,
    findings: [
      ...deliveries.findings,
      ...judgeWrites(records),
      ...uncertain.findings,
      ...judgeCards(records),
      ...judgeLedger(records),
      ...judgeSinks(records),
      ...judgeRest(records),
    ],
  };
}

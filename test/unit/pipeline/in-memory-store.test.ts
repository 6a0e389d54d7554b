import type { Pool } from "pg";
import { describe } from "vitest";
import { toInstant } from "../../../src/domain/ids.ts";
import type { FollowUp, NewDelivery } from "../../../src/pipeline/ports/storage.ts";
import { inboxConformance } from "../../contract/storage/inbox-conformance.ts";
import { intakeConformance } from "../../contract/storage/intake-conformance.ts";
import { ledgerConformance } from "../../contract/storage/ledger-conformance.ts";
import { workConformance } from "../../contract/storage/work-conformance.ts";
import { createInMemoryStore } from "../../support/in-memory-store.ts";
import { typed } from "../../support/typed.ts";

/** The fake that the tests of the pipeline stand on is held to what the real stores are held to. */
describe("store in memory", () => {
  const rung: FollowUp[] = [];
  const taken: NewDelivery[] = [];
  const store = createInMemoryStore({
    clock: { now: () => toInstant(Date.now()) },
    onCommitted: (followUps) => rung.push(...followUps),
    onAccepted: (deliveries) => taken.push(...deliveries),
  });
  // There is no SQL by which its events could be rewritten.
  const pool = typed<Pool>({ query: () => Promise.reject(new Error("append-only: no SQL here")) });
  const given = { title: "memory", store, pool, rung, taken };
  inboxConformance(given);
  ledgerConformance(given);
  workConformance(given);
  intakeConformance(given);
});

import type { FlagWriter } from "../../pipeline/ports/flag-platform.ts";
import { applyPlan } from "./apply-plan.ts";
import { createTurns } from "./create-turns.ts";
import { reconcilePlan } from "./reconcile-plan.ts";
import { createRestClient, type FeatBitLog } from "./rest-client.ts";

export interface FeatBitWriterOptions {
  apiUrl: string;
  /** Access token that may read, toggle flags, and change targeting and off variations; nothing more is needed. */
  token: string;
  timeoutMs?: number | undefined;
  /** See `ApplySettings`; 250 unless told. */
  settleMs?: number | undefined;
  log?: FeatBitLog | undefined;
}

/**
 * Writes flags over FeatBit's REST API. Needs 5.4.0 or newer: older servers drop the comment of a toggle, by which a
 * write of ours is recognised. One write per flag at a time within this object; across processes the lease does that.
 * `apply` never throws for what FeatBit did or did not do; what `stillOurs` throws, before anything is written, passes.
 * @throws OpsError `misconfigured` for an address or token that cannot be one.
 */
export function createFeatBitWriter(options: FeatBitWriterOptions): FlagWriter {
  const client = createRestClient({ ...options, tokenSetting: "FEATBIT_WRITE_TOKEN" });
  const settings = { settleMs: options.settleMs ?? 250 };
  const inTurn = createTurns();

  return {
    apply: (request) => {
      const { environmentId, key } = request.plan.ref;
      return inTurn(`${environmentId}/${key}`, () => applyPlan(client, request, settings));
    },
    reconcile: (plan, operationId) => {
      const { environmentId, key } = plan.ref;
      return inTurn(`${environmentId}/${key}`, () => reconcilePlan(client, plan, operationId, settings));
    },
  };
}

import type { FlagWriter } from "../../pipeline/ports/flag-platform.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { inSpan } from "../../watch/in-span.ts";
import { applyPlan } from "./apply-plan.ts";
import { createTurns } from "./create-turns.ts";
import { reconcilePlan } from "./reconcile-plan.ts";
import { createRestClient, type FeatBitLog } from "./rest-client.ts";

export interface FeatBitWriterOptions {
  apiUrl: string;
  /**
   * Access token that may read, toggle flags, and change targeting and off variations. Archiving needs `ArchiveFlag` and
   * `RestoreFlag` beside them, which are granted apart, only where flags are to be archived.
   */
  token: string;
  /** For one request; 10,000 unless told. */
  timeoutMs?: number | undefined;
  /** See `ApplySettings`; 250 unless told. */
  settleMs?: number | undefined;
  log?: FeatBitLog | undefined;
}

/**
 * Writes flags over FeatBit's REST API. Needs 5.4.0 or newer: older servers drop the comment of a toggle, by which a
 * write of ours is recognised. One write per flag at a time within this object; across processes the lease does that.
 * `apply` throws only before anything is sent: while the flag cannot be read for now, or what `stillOurs` throws.
 * @throws OpsError `misconfigured` for an address or token that cannot be one.
 */
export function createFeatBitWriter(options: FeatBitWriterOptions): FlagWriter {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const client = createRestClient({ ...options, timeoutMs, tokenSetting: "FEATBIT_WRITE_TOKEN" });
  const settings = { settleMs: options.settleMs ?? 250, timeoutMs };
  const inTurn = createTurns();

  return {
    apply: (request) => {
      const { environmentId, key } = request.plan.ref;
      const attributes = flagAttributes(request.plan);
      return inTurn(`${environmentId}/${key}`, () =>
        inSpan(`apply ${request.plan.operation.tool}`, { attributes }, async (span) => {
          const outcome = await applyPlan(client, request, settings);
          span.setAttribute("signalman.outcome", outcome.kind);
          return outcome;
        }),
      );
    },
    reconcile: (plan, operationId) => {
      const { environmentId, key } = plan.ref;
      const attributes = flagAttributes(plan);
      return inTurn(`${environmentId}/${key}`, () =>
        inSpan(`reconcile ${plan.operation.tool}`, { attributes }, () =>
          reconcilePlan(client, plan, operationId, settings),
        ),
      );
    },
  };
}

function flagAttributes({ ref }: Plan): Record<string, string> {
  return {
    "feature_flag.key": plainText(ref.key, 100),
    "feature_flag.set.id": plainText(ref.environmentId, 60),
    "feature_flag.provider.name": "featbit",
  };
}

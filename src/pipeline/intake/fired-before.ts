import type { Alert } from "../../domain/alert.ts";
import type { IncidentId } from "../../domain/ids.ts";
import { alertKey } from "../../domain/incident/heard-alerts.ts";
import type { Store } from "../ports/storage.ts";

export interface FiredBefore {
  /** The incident where the alert fired when it was first asked for; it may have ended there since. */
  incidentOf(alert: Pick<Alert, "sourceId" | "fingerprint">): Promise<IncidentId | null>;
}

const mostIncidents = 1000;

/**
 * What fires as a process begins. Settings change with a restart, so only such alerts can fire in an incident that
 * their labels do not lead to any more; without this their repeats would open a second one, and the first would never
 * end. Loaded when it is first asked for; a failure is thrown as `OpsError`, and the next question loads it again.
 */
export function createFiredBefore(ledger: Pick<Store["ledger"], "incidents">): FiredBefore {
  let loading: Promise<Map<string, IncidentId>> | null = null;
  return {
    async incidentOf({ sourceId, fingerprint }) {
      loading ??= load(ledger).catch((error: unknown) => {
        loading = null;
        throw error;
      });
      return (await loading).get(keyOf(sourceId, fingerprint)) ?? null;
    },
  };
}

async function load(ledger: Pick<Store["ledger"], "incidents">): Promise<Map<string, IncidentId>> {
  const found = new Map<string, IncidentId>();
  for (const { state } of await ledger.incidents({ open: true, limit: mostIncidents })) {
    if (state.requester.kind !== "source") continue;
    const opener = state.requester.sourceId;
    const whole = state.alerts.filter(({ resolvedAt }) => resolvedAt === null);
    for (const key of [...whole.map(({ alert }) => alertKey(state, alert)), ...state.otherAlerts.firing]) {
      found.set(key.includes(separator) ? key : keyOf(opener, key), state.id);
    }
  }
  return found;
}

/** As in `alertKey`, which leaves out the source that opened the incident. */
const separator = "\u001f";

function keyOf(sourceId: string, fingerprint: string): string {
  return `${sourceId}${separator}${fingerprint}`;
}

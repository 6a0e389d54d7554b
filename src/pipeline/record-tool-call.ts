import type { IncidentId } from "../domain/ids.ts";
import { decideIncident } from "../domain/incident/decide-incident.ts";
import { OpsError } from "../domain/ops-error.ts";
import type { ToolCall } from "../domain/tool-call.ts";
import { commitDecision } from "./commit-decision.ts";
import type { Store } from "./ports/storage.ts";
import { incidentWrite } from "./stream-writes.ts";

/** Puts one call of a model's into the incident's ledger. Throws `OpsError` where it cannot be recorded. */
export async function recordToolCall(
  id: IncidentId,
  call: ToolCall,
  store: Pick<Store, "ledger" | "now">,
): Promise<void> {
  await commitDecision(store, async () => {
    const loaded = await store.ledger.incident(id);
    if (loaded === null) throw new Error(`${id} is not in the ledger`);
    const decided = decideIncident({ command: "record_tool_call", call }, loaded.state, await store.now());
    if (decided.kind === "refused") {
      throw new OpsError("conflict", `${id} takes no more records: ${decided.reason}.`, { retryable: true });
    }
    return {
      kind: "commit",
      commit: {
        writes: [incidentWrite(id, loaded.version, decided.events)],
      },
      after: () => undefined,
    };
  });
}

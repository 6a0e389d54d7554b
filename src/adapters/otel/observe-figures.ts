import { metrics } from "@opentelemetry/api";
import type { Figures } from "../../pipeline/ports/figures.ts";

const openStatuses = ["awaiting_approval", "approved", "executing", "needs_human"];

/** Shows what the database says, read each time somebody looks. `missing` says what Signalman is without. */
export function observeFigures(read: () => Promise<Figures>, missing: () => readonly string[]): Disposable {
  const meter = metrics.getMeter("signalman");
  const gauge = (name: string, description: string, unit?: string) =>
    meter.createObservableGauge(name, { description, ...(unit !== undefined && { unit }) });
  const rows = gauge("signalman_work_rows", "Rows of work by stage and state: due, later, held, parked.");
  const oldest = gauge(
    "signalman_work_oldest_seconds",
    "Since the oldest unfinished row of a stage was due.",
    "s",
  );
  const quarantined = gauge("signalman_quarantined_deliveries", "Deliveries that nobody could understand.");
  const incidents = gauge("signalman_open_incidents", "Incidents that are open.");
  const changes = gauge("signalman_open_changes", "Changes that block their flag, by status.");
  const waiting = gauge(
    "signalman_open_change_oldest_seconds",
    "Since the oldest change of a status was drafted; of awaiting_approval, how long people were waited for.",
    "s",
  );
  const pastSla = gauge(
    "signalman_approvals_past_sla",
    "Changes that await a decision longer than their contract expects.",
  );
  const unsequenced = gauge(
    "signalman_ledger_unsequenced_events",
    "Events without a position in the ledger yet.",
  );
  const unsigned = gauge("signalman_ledger_unsigned_entries", "Entries that no checkpoint covers yet.");
  const checkpointAge = gauge(
    "signalman_ledger_checkpoint_age_seconds",
    "Since the last checkpoint, or, before there is one, since the first event.",
    "s",
  );
  const database = gauge("signalman_database_up", "1 where the database answered with these figures.");
  const away = gauge(
    "signalman_systems_missing",
    "Systems that Signalman has not joined, as /readyz names them.",
  );

  const all = [
    rows,
    oldest,
    quarantined,
    incidents,
    changes,
    waiting,
    pastSla,
    unsequenced,
    database,
    away,
    unsigned,
    checkpointAge,
  ];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = async (into) => {
    into.observe(away, missing().length);
    const figures = await read().catch(() => null);
    into.observe(database, figures === null ? 0 : 1);
    if (figures === null) return;
    for (const { stage, oldestS, due, later, held, parked } of figures.work) {
      for (const [state, count] of Object.entries({ due, later, held, parked })) {
        into.observe(rows, count, { stage, state });
      }
      into.observe(oldest, oldestS, { stage });
    }
    into.observe(quarantined, figures.quarantined);
    into.observe(incidents, figures.openIncidents);
    for (const status of openStatuses) {
      const known = figures.openChanges.find((each) => each.status === status);
      into.observe(changes, known?.count ?? 0, { status });
      into.observe(waiting, known?.oldestS ?? 0, { status });
    }
    into.observe(pastSla, figures.pastSla);
    into.observe(unsequenced, figures.unsequenced);
    into.observe(unsigned, figures.unsigned);
    into.observe(checkpointAge, figures.checkpointAgeS);
  };
  meter.addBatchObservableCallback(observe, all);
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, all) };
}

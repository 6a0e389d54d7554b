import { concerning, loweringsOf } from "../../domain/authority/authority.ts";
import { Evidence } from "../../domain/evidence/evidence.ts";
import type { IncidentId } from "../../domain/ids.ts";
import { type StreamName, streamOf } from "../../domain/ledger/stream.ts";
import type { Service } from "../../domain/service.ts";
import type { IncidentView } from "../ports/announcer.ts";
import type { Store } from "../ports/storage.ts";
import { choosePlot } from "./choose-plot.ts";
import { toldEvents } from "./told-events.ts";

export interface ReadIncidentDeps {
  store: Store;
  services: readonly Service[];
}

/** Of each stream. What is older has long been told. */
const listed = 200;

/** Everything known about an incident, in one picture; null if there is none of this id. */
export async function readIncident(id: IncidentId, deps: ReadIncidentDeps): Promise<IncidentView | null> {
  const { ledger, bodies } = deps.store;
  const loaded = await ledger.incident(id);
  if (loaded === null) return null;
  const incident = loaded.state;
  const told = (stream: StreamName) => ledger.events(stream, { types: toldEvents, limit: listed });
  const [changes, ownEvents, body, linked, authorities, now] = await Promise.all([
    ledger.changesOfIncident(id),
    told(streamOf("incident", id)),
    incident.evidence === null ? null : bodies.get(incident.evidence.bodyId),
    incident.linkedChangeId === null ? null : ledger.change(incident.linkedChangeId),
    ledger.authorities(),
    deps.store.now(),
  ]);
  const changeEvents = await Promise.all(changes.map((change) => told(streamOf("change", change.state.id))));
  const evidence = body === null ? null : Evidence.parse(JSON.parse(body));
  const evidenceRemovedAt =
    incident.evidence === null || evidence !== null ? null : await bodies.removedAt(incident.evidence.bodyId);
  return {
    incident,
    service: deps.services.find((service) => service.name === incident.scope?.service) ?? null,
    changes: changes.map((change) => change.state),
    evidence,
    evidenceRemovedAt,
    plot: evidence === null ? null : choosePlot(evidence, incident.assessment),
    timeline: [ownEvents, ...changeEvents]
      .flat()
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
    linked: linked?.state ?? null,
    lowered: loweringsOf(concerning(incident.scope?.service ?? "", authorities), now),
    now,
  };
}

import type { Plot } from "../../domain/evidence/plot.ts";
import { ChangeId, DeliveryId, IncidentId } from "../../domain/ids.ts";
import { StreamName } from "../../domain/ledger/stream.ts";
import type { ConsoleReads } from "../../pipeline/ports/console-reads.ts";
import type { Html } from "./html.ts";
import { changePage } from "./pages/change-page.ts";
import { changesPage } from "./pages/changes-page.ts";
import { deliveryPage } from "./pages/delivery-page.ts";
import { incidentPage } from "./pages/incident-page.ts";
import { incidentsPage } from "./pages/incidents-page.ts";
import { modesPage } from "./pages/modes-page.ts";
import { proofPage } from "./pages/proof-page.ts";
import { quarantinePage } from "./pages/quarantine-page.ts";
import { queuesPage } from "./pages/queues-page.ts";
import { incidentsPlace, placeOf, root } from "./places.ts";

export type Shown =
  | { kind: "page"; page: Html }
  | { kind: "picture"; svg: string }
  | { kind: "moved"; to: string }
  | { kind: "missing"; what: string };

export interface RouteDeps {
  reads: ConsoleReads;
  drawPlot: (plot: Plot) => string;
}

const listed = 100;

/** What stands at an address, for whoever may see it. */
export async function routeOf(path: string, query: URLSearchParams, deps: RouteDeps): Promise<Shown> {
  const { reads } = deps;
  const [place, id, ...more] = path.startsWith(`${root}/`) ? path.slice(root.length + 1).split("/") : [""];
  if (place === "" && (path === root || path === "/")) return { kind: "moved", to: incidentsPlace };
  if (place === "ledger") return proof(id, more, query, reads);
  if (place === "incidents" && more.length === 1 && more[0] === "plot.svg") return picture(id, deps);
  if (more.length > 0) return nowhere;
  switch (place) {
    case "incidents":
      return id === undefined ? incidents(query, reads) : incident(id, reads);
    case "changes":
      return id === undefined ? changes(query, reads) : change(id, reads);
    case "quarantine":
      return id === undefined ? quarantine(query, reads) : delivery(id, reads);
    case "queues":
      return id === undefined ? { kind: "page", page: queuesPage(await reads.queues()) } : nowhere;
    case "modes":
      return id === undefined ? { kind: "page", page: modesPage(await reads.modes()) } : nowhere;
    case "find":
      return id === undefined ? find(query.get("id") ?? "") : nowhere;
    default:
      return nowhere;
  }
}

const nowhere: Shown = { kind: "missing", what: "There is no such page." };

async function incidents(query: URLSearchParams, reads: ConsoleReads): Promise<Shown> {
  const service = reads.services.find((name) => name === query.get("service")) ?? null;
  const openOnly = query.get("state") === "open";
  const found = await reads.incidents({
    limit: listed,
    ...(openOnly && { open: true }),
    ...(service !== null && { service }),
  });
  const page = incidentsPage({
    incidents: found,
    services: reads.services,
    service,
    openOnly,
    limit: listed,
  });
  return { kind: "page", page };
}

async function incident(text: string, reads: ConsoleReads): Promise<Shown> {
  const id = IncidentId.safeParse(text);
  const record = id.success ? await reads.incident(id.data) : null;
  if (record === null) return { kind: "missing", what: "The ledger knows no such incident." };
  return { kind: "page", page: incidentPage(record) };
}

async function picture(text: string | undefined, { reads, drawPlot }: RouteDeps): Promise<Shown> {
  const id = IncidentId.safeParse(text);
  const plot = id.success ? await reads.plot(id.data) : null;
  return plot === null
    ? { kind: "missing", what: "There is no picture of this." }
    : { kind: "picture", svg: drawPlot(plot) };
}

async function changes(query: URLSearchParams, reads: ConsoleReads): Promise<Shown> {
  const openOnly = query.get("state") === "open";
  const found = await reads.changes({ open: openOnly, limit: listed });
  return { kind: "page", page: changesPage({ changes: found, openOnly, limit: listed }) };
}

async function change(text: string, reads: ConsoleReads): Promise<Shown> {
  const id = ChangeId.safeParse(text);
  const record = id.success ? await reads.change(id.data) : null;
  if (record === null) return { kind: "missing", what: "The ledger knows no such change." };
  return { kind: "page", page: changePage(record) };
}

async function proof(
  kind: string | undefined,
  [id, ...more]: string[],
  query: URLSearchParams,
  reads: ConsoleReads,
): Promise<Shown> {
  const stream = StreamName.safeParse(`${kind}/${id}`);
  const from = /^[1-9]\d{0,8}$/.test(query.get("from") ?? "") ? Number(query.get("from")) : 1;
  const found =
    stream.success && id !== undefined && more.length === 0
      ? await reads.proof(stream.data, from, listed)
      : null;
  if (found === null) return { kind: "missing", what: "The ledger has no such stream." };
  return { kind: "page", page: proofPage(found, listed) };
}

async function quarantine(query: URLSearchParams, reads: ConsoleReads): Promise<Shown> {
  const asked = query.get("source") ?? "";
  const source = /^[\w.-]{1,64}$/.test(asked) ? asked : "";
  const found = await reads.quarantined(listed, source === "" ? undefined : source);
  return { kind: "page", page: quarantinePage({ found, source, limit: listed }) };
}

async function delivery(text: string, reads: ConsoleReads): Promise<Shown> {
  const id = DeliveryId.safeParse(text);
  const found = id.success ? await reads.delivery(id.data) : null;
  if (found === null) return { kind: "missing", what: "There is no such delivery (any more)." };
  return { kind: "page", page: deliveryPage(found) };
}

/** Whoever reads an id on a card or in a log types it here. */
function find(text: string): Shown {
  const wanted = text.trim().toUpperCase();
  const incidentId = IncidentId.safeParse(wanted);
  if (incidentId.success) return { kind: "moved", to: placeOf(incidentId.data) };
  const changeId = ChangeId.safeParse(wanted);
  if (changeId.success) return { kind: "moved", to: placeOf(changeId.data) };
  return { kind: "missing", what: "An id is INC- or CHG- and ten letters or digits, as the card shows it." };
}

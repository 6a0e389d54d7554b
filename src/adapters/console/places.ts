import type { ChangeId, DeliveryId, IncidentId } from "../../domain/ids.ts";
import type { StreamName } from "../../domain/ledger/stream.ts";

/** Where everything of the console lies, so that it can share a host with something else. */
export const root = "/console";
export const signInPlace = `${root}/sign-in`;
export const signOutPlace = `${root}/sign-out`;
export const incidentsPlace = `${root}/incidents`;
export const changesPlace = `${root}/changes`;
export const queuesPlace = `${root}/queues`;
export const quarantinePlace = `${root}/quarantine`;
export const modesPlace = `${root}/modes`;
export const findPlace = `${root}/find`;

export const plotPlace = (id: IncidentId): string => `${placeOf(id)}/plot.svg`;
export const deliveryPlace = (id: DeliveryId): string => `${quarantinePlace}/${id}`;
/** Of an incident or of a change, as its id says. */
export function placeOf(id: IncidentId | ChangeId): string {
  return `${id.startsWith("INC-") ? incidentsPlace : changesPlace}/${id}`;
}

export const proofPlace = (stream: StreamName): string => `${root}/ledger/${stream}`;

/** The text where it names a place of this console and nothing else, such as another host; else null. */
export function ownPlace(text: string | null): string | null {
  if (text === null || text.length > 500 || text.includes("//") || text.includes("..")) return null;
  return /^\/console(\/[\w./-]*)?(\?[\w.=&%+-]*)?$/.test(text) ? text : null;
}

import type { ChangeEvent } from "../domain/change/events.ts";
import type { AuthorityEvent } from "../domain/authority/events.ts";
import type { ChangeId, IncidentId, StandingId } from "../domain/ids.ts";
import type { IncidentEvent } from "../domain/incident/events.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { NoticeEvent } from "../domain/notice/notice.ts";
import type { StandingEvent } from "../domain/standing/events.ts";
import type { StreamWrite } from "./ports/storage.ts";

export function changeWrite(id: ChangeId, expectedVersion: number, events: ChangeEvent[]): StreamWrite {
  return { kind: "change", stream: streamOf("change", id), id, expectedVersion, events };
}

export function incidentWrite(id: IncidentId, expectedVersion: number, events: IncidentEvent[]): StreamWrite {
  return { kind: "incident", stream: streamOf("incident", id), id, expectedVersion, events };
}

/** `scope` is a service's name, or `*`. */
export function authorityWrite(
  scope: string,
  expectedVersion: number,
  events: AuthorityEvent[],
): StreamWrite {
  return { kind: "authority", stream: streamOf("authority", scope), id: scope, expectedVersion, events };
}

export function standingWrite(id: StandingId, expectedVersion: number, events: StandingEvent[]): StreamWrite {
  return { kind: "standing", stream: streamOf("standing", id), id, expectedVersion, events };
}

/** `subject` is what the line is about, such as `mute/checkout`. */
export function noticeWrite(subject: string, expectedVersion: number, events: NoticeEvent[]): StreamWrite {
  return { kind: "notice", stream: streamOf("notice", subject), id: subject, expectedVersion, events };
}
